// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lamina::detail {

/// How a report looks: one column on a phone, two of charts on a desk; dark where the reader's system is; on paper
/// black on white without links. The classes ink, soft, grid and frame are those of drawings.
inline constexpr std::string_view html_style = R"css(
:root { --paper: #fff; --ink: #1f2430; --soft: #5c6470; --grid: #e4e7ec; --frame: #969ca6; --card: #f5f6f8;
  --link: #0060a0; --warn: #fff3d6; --warn-ink: #5c4300; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171c; --ink: #e6e9ee; --soft: #a7afbb; --grid: #2b313a; --frame: #667080; --card: #1d2128;
    --link: #6cc0f0; --warn: #3a2f12; --warn-ink: #ffe2a0; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #333; --grid: #ddd; --frame: #777; --card: #fff; --warn: #fff;
    --warn-ink: #000; }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 84rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.75rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--grid); }
h3 { font-size: 1rem; margin: 1.25rem 0 0.5rem; }
header p { margin: 0.25rem 0; color: var(--soft); }
header p.notice { background: var(--warn); color: var(--warn-ink); padding: 0.5rem 0.75rem; border-radius: 0.4rem;
  margin: 0.75rem 0; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
a { color: var(--link); }
dl { margin: 0; }
dl > div { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 1rem; padding: 0.2rem 0;
  border-bottom: 1px solid var(--grid); }
@media (min-width: 48rem) { dl > div { grid-template-columns: 20rem 1fr; } }
dt { color: var(--soft); }
dd { margin: 0; }
dl.key { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.6rem; }
dl.key > div { display: block; background: var(--card); border: 1px solid var(--grid); border-radius: 0.4rem;
  padding: 0.5rem 0.75rem; }
dl.key dt { font-size: 0.85rem; }
dl.key dd { font-size: 1.3rem; font-weight: 600; line-height: 1.3; }
.scroll { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: 0.2rem 0.9rem 0.2rem 0; border-bottom: 1px solid var(--grid); text-align: right;
  vertical-align: top; }
th:first-child { text-align: left; font-weight: 400; }
thead th, thead th:first-child { font-weight: 600; }
@media (max-width: 40rem) { table { font-size: 0.85rem; width: 100%; } th, td { padding-right: 0.5rem; } }
pre { background: var(--card); border: 1px solid var(--grid); border-radius: 0.4rem; padding: 0.75rem; margin: 0.5rem 0;
  overflow-x: auto; font: 0.85rem/1.45 ui-monospace, monospace; white-space: pre-wrap; }
figure { margin: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); gap: 1rem; }
.charts figure { max-width: 40rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.75rem; }
@media (min-width: 48rem) { .pictures { grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); } }
svg, img { display: block; width: 100%; height: auto; }
figcaption { font-size: 0.85rem; line-height: 1.35; padding-top: 0.25rem; color: var(--soft); }
svg text.ink { fill: var(--ink); }
svg text.soft { fill: var(--soft); }
svg polyline.grid { stroke: var(--grid); }
svg polyline.frame { stroke: var(--frame); }
@media print {
  @page { margin: 15mm; }
  html { font-size: 10pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  h2, h3 { break-after: avoid; }
  figure, tr, dl > div { break-inside: avoid; }
  pre { white-space: pre-wrap; }
  .charts { grid-template-columns: 1fr 1fr; }
  .pictures { grid-template-columns: repeat(6, 1fr); gap: 3mm; }
  header p.notice { border: 1px solid #000; }
}
)css";

}  // namespace lamina::detail
