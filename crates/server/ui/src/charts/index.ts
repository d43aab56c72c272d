/**
 * The charts, by one name.
 *
 * Invariant: pages take charts from here, so that a chart can be moved without them.
 */
export { Bars, Boxes, type BarValue } from "./bars";
export { CalendarHeat, type Calendar, type CalendarDay } from "./calendar";
export { ChartGrid } from "./chart-grid";
export { ChartPanel } from "./chart-panel";
export { ConfusionMatrix } from "./confusion";
export { confusionOf, type Confusion } from "./confusion-model";
export { GroupChart, type RunGroup } from "./group-chart";
export { HistogramAt, HistogramHeat, HistogramsOverTime, Ridgeline } from "./histograms";
export { LineChart } from "./line-chart";
export { MediaSteps } from "./media";
export { DEFAULTS as CHART_DEFAULTS, optionsCodec, type ChartOptions } from "./options";
export { ParallelCoordinates, type ParallelProps } from "./parallel";
export type { AxisInput, Brush } from "./parallel-axes";
export { RunCharts, type RunChartsProps } from "./run-charts";
export { Scatter, type RunValue } from "./scatter";
export { Sparkline } from "./sparkline";
export { SystemCharts } from "./system";
export { runTitle, type RunRef } from "./types";
