/** The page's one style sheet. A string, so that the built package carries it. */
export const STYLE = `:root {
  --back: #f5f6f4; --card: #fff; --ink: #1d211f; --soft: #626b66; --line: #dfe3e0;
  --green: #06743a; --green-soft: #e2f4e9; --blue: #2360b8; --blue-soft: #e6eefb;
  --amber: #8a5a00; --amber-soft: #fdf1d8; --red: #b3261e; --red-soft: #fce8e6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #131615; --card: #1c201e; --ink: #e8ebe9; --soft: #a0a9a4; --line: #313733;
    --green: #5fd38d; --green-soft: #16321f; --blue: #8fb8f5; --blue-soft: #182844;
    --amber: #f0c15c; --amber-soft: #3a2d10; --red: #f59a92; --red-soft: #431a17;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
a { color: var(--blue); }
h1 { font-size: 1.35rem; margin: .25rem 0 1rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
code { font-size: .85em; overflow-wrap: anywhere; }
.top {
  display: flex; align-items: center; gap: 1rem; padding: .75rem 1.25rem;
  background: var(--card); border-bottom: 1px solid var(--line);
}
.brand { font-weight: 700; font-size: 1.15rem; color: var(--ink); text-decoration: none; white-space: nowrap; }
.brand span { font-weight: 400; color: var(--soft); }
.live { font-size: .8rem; color: var(--green); white-space: nowrap; }
.live::before { content: "●"; margin-right: .35em; }
.live.lost { color: var(--amber); }
nav { margin-left: auto; display: flex; gap: 1rem; white-space: nowrap; }
.sandbox {
  margin: 0; padding: .5rem 1.25rem; background: var(--amber-soft); color: var(--amber);
  text-align: center; font-weight: 600;
}
main { max-width: 76rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; }
.bottom { text-align: center; color: var(--soft); font-size: .85rem; padding: 1rem; }
.overview { display: grid; gap: 0 2rem; grid-template-columns: minmax(0, 1fr); align-items: start; }
.overview h2:first-child { margin-top: .5rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); align-items: start; }
@media (min-width: 60rem) { .overview { grid-template-columns: minmax(0, 1fr) 20rem; } }
.stack { display: grid; gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.15rem; min-width: 0; }
.card.alarm { border-color: var(--red); margin-bottom: 1rem; }
.card > header { display: flex; justify-content: space-between; align-items: start; gap: .75rem; }
.chip { flex: none; border-radius: 1rem; padding: .1rem .7rem; font-size: .85rem; font-weight: 600; background: var(--line); }
.chip.good { background: var(--green-soft); color: var(--green); }
.chip.busy { background: var(--blue-soft); color: var(--blue); }
.chip.care { background: var(--amber-soft); color: var(--amber); }
.chip.bad { background: var(--red-soft); color: var(--red); }
.facts, .times { color: var(--soft); font-size: .9rem; }
.counts { font-variant-numeric: tabular-nums; font-weight: 600; }
.why { border-left: 3px solid var(--amber); padding-left: .6rem; }
.warn { background: var(--amber-soft); color: var(--amber); border-radius: .5rem; padding: .45rem .7rem; font-size: .9rem; }
.bars { display: grid; gap: .5rem 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); margin: .75rem 0; }
.bars label { font-size: .9rem; font-variant-numeric: tabular-nums; }
progress {
  display: block; width: 100%; height: .55rem; margin-top: .2rem; border: 0; border-radius: 1rem;
  background: var(--line); overflow: hidden; appearance: none;
}
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--blue); border-radius: 1rem; }
progress::-moz-progress-bar { background: var(--blue); border-radius: 1rem; }
progress.confirmed::-webkit-progress-value { background: var(--green); }
progress.confirmed::-moz-progress-bar { background: var(--green); }
.card > footer { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: start; gap: .5rem 1rem; margin-top: .75rem; }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; align-items: start; }
.alarm .acts { margin-top: .75rem; }
.act summary, .button, button {
  display: inline-block; cursor: pointer; list-style: none; font: inherit; font-size: .9rem; line-height: 1.4;
  padding: .4rem .85rem; border-radius: .5rem; border: 1px solid var(--line);
  background: var(--card); color: var(--ink); text-decoration: none;
}
.act summary::-webkit-details-marker { display: none; }
.act summary::after { content: " …"; color: var(--soft); }
.act summary:hover, .button:hover, button:hover { border-color: var(--soft); }
.act[open] { flex-basis: 100%; border: 1px solid var(--line); border-radius: .75rem; padding: .75rem; background: var(--back); max-width: 34rem; }
.act form { margin-top: .5rem; display: grid; gap: .6rem; justify-items: start; }
.act form p { margin: 0; }
button.strong, .button.strong { background: var(--blue); border-color: var(--blue); color: var(--card); font-weight: 600; }
button.danger { background: var(--red); border-color: var(--red); color: var(--card); font-weight: 600; }
input { font: inherit; padding: .35rem .5rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--card); color: var(--ink); width: 100%; }
.act label { display: block; width: 100%; font-size: .9rem; }
:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.quotas { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; margin: .75rem 0; font-size: .9rem; }
.quotas dt.head { color: var(--soft); }
.quotas dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.quotas dd small { color: var(--soft); font-weight: 400; }
.quotas dd.none { color: var(--red); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td:nth-child(6) { white-space: normal; min-width: 14rem; }
tbody tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; }
.audit { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
.audit li { padding: .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.audit time { color: var(--soft); margin-right: .5rem; }
.pager { display: flex; gap: .75rem; margin-top: 1rem; }
@media (max-width: 34rem) {
  main { padding: .75rem .75rem 2rem; }
  .top { padding: .6rem .75rem; gap: .6rem; }
  nav { gap: .7rem; font-size: .9rem; }
  .brand span { display: none; }
}
`;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#07883f"/><path d="M7 16 25 8l-5 17-4-7z" fill="#fff"/></svg>`;
