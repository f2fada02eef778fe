// The page's one script: takes in what has changed, and nothing moves under a hand. An open dialog
// stays as it was opened; a fold stays open; rows that are new wait behind a line. Everything else
// of the page works without it.
(() => {
  const last = new Map();

  const isOpen = (node) => node instanceof Element && node.matches('dialog:popover-open');
  const holdsHand = (node) =>
    node instanceof Element &&
    (isOpen(node) ||
      node.querySelector('dialog:popover-open') !== null ||
      (node !== document.body && node.contains(document.activeElement)));

  const callbacks = {
    beforeNodeMorphed: (old) => !isOpen(old),
    beforeNodeRemoved: (node) => !holdsHand(node),
    beforeAttributeUpdated: (name, node) => !(name === 'open' && node.tagName === 'DETAILS'),
  };

  function put(id, text, { whole = false } = {}) {
    const part = document.getElementById(id);
    if (!part) return;
    last.set(id, text);
    const fresh = document.createElement('template');
    fresh.innerHTML = text;
    const next = fresh.content.firstElementChild;
    if (!next) return;
    if (!whole) holdBack(part, next);
    globalThis.Idiomorph.morph(part, next, { morphStyle: 'outerHTML', callbacks });
  }

  /** Rows stay where they are: one that is gone is dimmed, one that is new waits for a click. */
  function holdBack(part, next) {
    const shown = part.querySelector('[data-hold]');
    const wanted = next.querySelector('[data-hold]');
    if (!shown || !wanted || shown.children.length === 0) return;
    const rows = new Map([...wanted.children].map((row) => [row.id, row]));
    const kept = [...shown.children].map((row) => {
      const fresh = rows.get(row.id);
      rows.delete(row.id);
      return fresh ?? goneOf(row);
    });
    wanted.replaceChildren(...kept);
    const line = next.querySelector('.held-back');
    if (!line || rows.size === 0) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = line.dataset.text.replace('#', rows.size);
    line.replaceChildren(button);
  }

  function goneOf(row) {
    const gone = row.cloneNode(true);
    gone.classList.add('gone');
    return gone;
  }

  function putAgain(element) {
    for (let at = element; at; at = at.parentElement) {
      if (last.has(at.id)) put(at.id, last.get(at.id));
    }
  }

  function nameTab() {
    const count = document.getElementById('count')?.textContent.trim();
    document.title = `${count ? `(${count}) ` : ''}${document.body.dataset.title}`;
  }

  function say(isLost) {
    const sign = document.querySelector('.live');
    if (!sign) return;
    sign.classList.toggle('lost', isLost);
    sign.textContent = isLost ? sign.dataset.lost : sign.dataset.live;
  }

  document.addEventListener('click', ({ target }) => {
    const line = target.closest?.('.held-back');
    if (!line || !target.closest('button')) return;
    for (let at = line; at; at = at.parentElement) {
      if (last.has(at.id)) put(at.id, last.get(at.id), { whole: true });
    }
  });
  // What has changed behind an open dialog.
  document.addEventListener(
    'toggle',
    ({ target, newState }) => {
      if (target.matches('dialog') && newState === 'closed') putAgain(target.parentElement);
    },
    true,
  );
  // Pressed twice, sent once. Later, as a form leaves out a button that is disabled by now.
  document.addEventListener('submit', ({ target }) => {
    setTimeout(() => {
      for (const button of target.querySelectorAll('button')) button.disabled = true;
    });
  });
  addEventListener('pageshow', () => {
    for (const button of document.querySelectorAll('form button')) button.disabled = false;
  });
  // How far an upload is. The answer is the page that a plain form would have led to.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.enctype !== 'multipart/form-data') return;
    event.preventDefault();
    const bar = document.createElement('progress');
    bar.setAttribute('aria-label', form.querySelector('button').textContent);
    form.append(bar);
    const request = new XMLHttpRequest();
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      bar.value = loaded / total;
    });
    request.addEventListener('load', () => {
      if (request.status < 400) {
        location.assign(request.responseURL);
        return;
      }
      const answer = new DOMParser().parseFromString(request.responseText, 'text/html');
      document.querySelector('main').replaceWith(answer.querySelector('main') ?? answer.body);
      document.title = answer.title;
    });
    // The browser says it better.
    request.addEventListener('error', () => form.submit());
    request.open('POST', form.action);
    request.send(new FormData(form));
  });
  // A browser without popovers.
  if (!('popover' in HTMLElement.prototype)) {
    document.addEventListener('click', ({ target }) => {
      const id = target.closest?.('[popovertarget]')?.getAttribute('popovertarget');
      const dialog = id && document.getElementById(id);
      if (!dialog) return;
      if (dialog.open) dialog.close();
      else dialog.showModal();
    });
  }

  if (!('live' in document.body.dataset)) return;
  const events = new EventSource(location.href);
  events.addEventListener('open', () => say(false));
  events.addEventListener('error', () => say(true));
  events.addEventListener('parts', ({ data }) => {
    for (const { id, html } of JSON.parse(data)) put(id, html);
    nameTab();
  });
})();
