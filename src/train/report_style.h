// SPDX-License-Identifier: Apache-2.0
//
// The report's style sheet. Only `>` of the characters that XML keeps for itself may appear in it.
#pragma once

#include <string_view>

namespace bitloom::train {

inline constexpr std::string_view kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b2028; --soft: #626b78; --line: #dfe3e8; --grid: #e9ecf0;
  --first: #2563eb; --second: #d9660b; --right: 37 99 235; --wrong: 217 80 32; --wrong-text: #b93f12;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #191d24; --text: #e6e9ee; --soft: #98a2b0; --line: #2e353f; --grid: #272d36;
    --first: #6ea3ff; --second: #ff9b4a; --right: 59 118 246; --wrong: 226 92 44; --wrong-text: #ff9064;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 28px 20px 48px; max-width: 1120px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 28px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 4px; font-size: 20px; }
h3 { margin: 0 0 10px; font-size: 15px; }
p { margin: 0 0 14px; color: var(--soft); max-width: 75ch; }
figure { margin: 0; min-width: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px; min-width: 0; }

.top { display: grid; grid-template-columns: auto 1fr; gap: 14px; margin-top: 18px; }
.main { display: flex; flex-direction: column; justify-content: center; padding: 22px 30px; }
.main b { font-size: 46px; line-height: 1.1; color: var(--first); white-space: nowrap; }
.main span { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 16px 24px; margin: 0; align-content: center; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }

.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: 2px 18px; margin-bottom: 14px; }
.key { color: var(--soft); }
.key b { color: var(--text); font-weight: 600; }
.key::before {
  content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 7px; vertical-align: 4px;
}
.key.first::before { background: var(--first); }
.key.second::before { background: var(--second); }
.plot { display: block; width: calc(100% - 66px); height: 220px; margin: 0 14px 26px 52px; overflow: visible; }
.low .plot { height: 96px; }
svg svg { overflow: visible; }
svg text { font-size: 12px; fill: var(--soft); }
.left, .end { text-anchor: end; }
.below { text-anchor: middle; }
.grid { stroke: var(--grid); }
.curve path { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
path.first { stroke: var(--first); }
path.second { stroke: var(--second); }
circle { stroke: var(--card); stroke-width: 1.5; }
circle.first { fill: var(--first); }
circle.second { fill: var(--second); }
.strip { fill: transparent; }
.mark { visibility: hidden; pointer-events: none; }
.epoch:hover .mark { visibility: visible; }
.mark line { stroke: var(--soft); stroke-dasharray: 3 3; }
.mark .box { fill: var(--card); stroke: var(--line); }
.mark text { fill: var(--text); }
.mark .what { fill: var(--soft); }
.mark .end { font-weight: 600; }

.classes { display: grid; grid-template-columns: minmax(0, 7fr) minmax(260px, 4fr); gap: 14px; align-items: start; }
.scroll { overflow-x: auto; }
.matrix { border-collapse: separate; border-spacing: 2px; font-size: 13px; }
.matrix td { width: 46px; min-width: 30px; height: 34px; text-align: center; border-radius: 4px; background: var(--page); }
.matrix .right { background: rgb(var(--right) / var(--share)); }
.matrix .wrong { background: rgb(var(--wrong) / var(--share)); }
.matrix .full { color: #ffffff; font-weight: 600; }
.matrix th { font-weight: 500; color: var(--soft); }
.matrix tbody th { text-align: right; padding-right: 8px; position: sticky; left: 0; background: var(--card); white-space: nowrap; }
.matrix thead th { vertical-align: bottom; padding: 4px 0; }
.matrix thead th span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.matrix .corner { vertical-align: bottom; text-align: right; padding-right: 8px; font-size: 12px; line-height: 1.35; white-space: nowrap; }
.matrix.dense { border-spacing: 1px; font-size: 10px; }
.matrix.dense td { width: 11px; min-width: 7px; height: 11px; border-radius: 1px; }
.shares { display: grid; grid-template-columns: auto 1fr auto; gap: 5px 12px; align-items: center; }
.shares span { overflow-wrap: anywhere; }
.shares div { height: 12px; border-radius: 3px; background: var(--grid); }
.shares i { display: block; height: 100%; border-radius: 3px; background: var(--first); }
.shares b { font-weight: 600; text-align: right; white-space: nowrap; }
.shares .often { background: var(--second); }
.aside h3:not(:first-child) { margin-top: 22px; }

.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 22px 26px; }
.small figcaption { font-size: 13px; margin-bottom: 6px; overflow-wrap: anywhere; }
.small figcaption span { color: var(--soft); }
.bars { display: block; width: 100%; height: 96px; overflow: visible; border-bottom: 1px solid var(--soft); }
.bars rect:not(.strip) { fill: var(--first); }
.bars g:hover rect:not(.strip) { fill: var(--second); }
.bars .zero { stroke: var(--soft); stroke-dasharray: 3 3; pointer-events: none; }
.ends { position: relative; height: 20px; font-size: 12px; color: var(--soft); }
.ends span { position: absolute; top: 2px; transform: translateX(-50%); white-space: nowrap; }
.ends .from { transform: none; }
.ends .to { transform: translateX(-100%); }

.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 18px 12px; }
.mistakes img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; border-radius: 5px; margin-bottom: 5px; }
.mistakes figcaption { font-size: 13px; line-height: 1.3; overflow-wrap: anywhere; }
.mistakes b { display: block; font-weight: 600; }
.mistakes span { color: var(--wrong-text); }

details { margin-top: 40px; }
summary { cursor: pointer; font-weight: 600; }
pre { margin: 12px 0 0; overflow-x: auto; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media (max-width: 820px) {
  body { padding: 18px 12px 36px; }
  .card { padding: 14px; }
  .top, .charts, .classes { grid-template-columns: minmax(0, 1fr); }
  .multiples { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
  .mistakes { grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)); }
  dl { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
}
)css";

}  // namespace bitloom::train
