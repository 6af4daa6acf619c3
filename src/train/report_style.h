// SPDX-License-Identifier: Apache-2.0
//
// What the report adds to the style sheet of all pages. Only `>` of the characters that XML keeps for itself may appear in it.
#pragma once

#include <string_view>

namespace bitloom::train {

inline constexpr std::string_view kStyle = R"css(
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
@media (max-width: 820px) {
  .charts, .classes { grid-template-columns: minmax(0, 1fr); }
  .multiples { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
  .mistakes { grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)); }
}
)css";

}  // namespace bitloom::train
