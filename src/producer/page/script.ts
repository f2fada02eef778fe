/**
 * The page's one script: takes in what has changed. Everything else works without it. A part with
 * an open fold, or a focus, is left as it is until then, so that nothing moves under a hand.
 */
export const SCRIPT = `'use strict';
(() => {
  const source = document.body.dataset.events;
  if (!source) return;
  const sign = document.querySelector('.live');
  const waiting = new Map();
  const busy = (part) =>
    part.querySelector('details[open]') !== null || part.contains(document.activeElement);

  function put(id, text) {
    const part = document.getElementById(id);
    if (!part) return;
    const isList = id === 'campaigns' || id === 'accounts';
    if (busy(part) && !isList) {
      waiting.set(id, text);
      return;
    }
    waiting.delete(id);
    const fresh = document.createElement('template');
    fresh.innerHTML = text;
    // A card in use moves into the new list as it is.
    for (const card of part.querySelectorAll('.card')) {
      if (isList && busy(card)) fresh.content.getElementById(card.id)?.replaceWith(card);
    }
    part.replaceWith(fresh.content);
  }

  function putWaiting() {
    for (const [id, text] of waiting) put(id, text);
  }

  function say(lost) {
    if (!sign) return;
    sign.hidden = false;
    sign.classList.toggle('lost', lost);
    sign.textContent = lost ? sign.dataset.lost : sign.dataset.live;
  }

  document.addEventListener('toggle', putWaiting, true);
  document.addEventListener('focusout', () => setTimeout(putWaiting));
  // Pressed twice, sent once.
  document.addEventListener('submit', (event) => {
    for (const button of event.target.querySelectorAll('button')) button.disabled = true;
  });

  const events = new EventSource(source);
  events.addEventListener('open', () => say(false));
  events.addEventListener('error', () => say(true));
  events.addEventListener('parts', ({ data }) => {
    for (const { id, html } of JSON.parse(data)) put(id, html);
  });
})();
`;
