// SPDX-License-Identifier: Apache-2.0
//
// What the plan's report adds to the style sheet of all pages. Only `>` of the characters that XML keeps for itself may
// appear in it.
#pragma once

#include <string_view>

namespace bitloom::plan {

inline constexpr std::string_view kStyle = R"css(
:root { --c0: #2563eb; --c1: #d9660b; --c2: #0d9488; --c3: #9333ea; --c4: #be185d; --c5: #64748b; }
@media (prefers-color-scheme: dark) {
  :root { --c0: #6ea3ff; --c1: #ff9b4a; --c2: #2dd4bf; --c3: #c084fc; --c4: #f472b6; --c5: #94a3b8; }
}
section { overflow-x: auto; }
table.units { border-collapse: collapse; width: 100%; font-size: 14px; }
.units th { color: var(--soft); font-weight: 500; text-align: right; padding: 4px 10px; white-space: nowrap; }
.units td { padding: 4px 10px; text-align: right; border-top: 1px solid var(--grid); white-space: nowrap; }
.units th:first-child, .units td:first-child { text-align: left; padding-left: 0; }
.units .text { text-align: left; white-space: normal; }
.units .sum td { font-weight: 600; }
.units .worse { color: var(--wrong-text); }
.shares { display: grid; grid-template-columns: minmax(0, max-content) minmax(120px, 1fr) max-content;
  gap: 6px 14px; align-items: center; font-size: 14px; }
.shares span { overflow-wrap: anywhere; }
.shares div { display: flex; gap: 1px; height: 14px; border-radius: 3px; background: var(--grid); overflow: hidden; }
.shares i { display: block; height: 100%; background: var(--first); }
.shares i.most, .shares i.blocked { background: var(--second); }
.shares b { font-weight: 600; text-align: right; white-space: nowrap; }
.shares em { font-style: normal; color: var(--soft); text-align: right; white-space: nowrap; }
.card p { margin: 0 0 16px; color: var(--text); }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.key { color: var(--soft); margin-right: 18px; }
.key::before { content: ""; display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 7px;
  vertical-align: -1px; background: var(--grid); }
.key.busy::before { background: var(--first); }
.key.blocked::before { background: var(--second); }
.keys { margin-bottom: 14px; font-size: 14px; }
.wide { display: block; width: 100%; min-width: 640px; height: auto; }
.half { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); }
.halo { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg .strong { fill: var(--text); font-weight: 600; }
.left { text-anchor: end; }
.below { text-anchor: middle; }
.grid { stroke: var(--grid); }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
path.c0 { stroke: var(--c0); } path.c1 { stroke: var(--c1); } path.c2 { stroke: var(--c2); }
path.c3 { stroke: var(--c3); } path.c4 { stroke: var(--c4); } path.c5 { stroke: var(--c5); }
.d0 { stroke-width: 3.5; } .d1 { stroke-dasharray: 7 3; } .d2 { stroke-dasharray: 2 3; } .d3 { stroke-dasharray: 9 3 2 3; }
.d4 { stroke-dasharray: 4 4; }
circle { stroke: var(--card); stroke-width: 1.5; }
rect.c0, circle.c0, svg .name.c0 { fill: var(--c0); } rect.c1, circle.c1, svg .name.c1 { fill: var(--c1); }
rect.c2, circle.c2, svg .name.c2 { fill: var(--c2); } rect.c3, circle.c3, svg .name.c3 { fill: var(--c3); }
rect.c4, circle.c4, svg .name.c4 { fill: var(--c4); } rect.c5, circle.c5, svg .name.c5 { fill: var(--c5); }
svg .name { font-weight: 600; }
.plain { fill: var(--first); }
.chosen { fill: var(--second); }
.outer { fill: var(--soft); opacity: 0.55; }
.track { fill: var(--grid); }
.box { fill: var(--card); stroke: var(--soft); stroke-width: 1.2; }
.box.binds { stroke: var(--second); stroke-width: 2; }
.outer-box { stroke-dasharray: 4 3; }
.arrow { stroke: var(--soft); fill: none; }
.head { fill: var(--soft); }
.arrow.binds { stroke: var(--second); }
.head.binds { fill: var(--second); }
.front { fill: none; stroke: var(--first); stroke-width: 1.5; stroke-dasharray: 4 3; opacity: 0.7; }
.limit { stroke: var(--wrong-text); stroke-dasharray: 6 4; }
.marked { stroke: var(--soft); stroke-dasharray: 3 3; }
.hop { opacity: 0.6; }
svg .inside { fill: var(--card); font-size: 11px; font-weight: 600; }
@media (max-width: 820px) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media print { section { break-inside: avoid; } }
)css";

}  // namespace bitloom::plan
