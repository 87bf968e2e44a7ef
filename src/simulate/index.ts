/**
 * Attacks on the real count, over virtual years: every scenario is a pure function of its parameters.
 */
export { plotOf } from './plot.ts';
export { pageOf, tableOf } from './report.ts';
export { rulesOf } from './rules.ts';
export { costPlotOf, detectionPlotOf } from './rules-plot.ts';
export type { Case, Finding, Parameters, Point } from './scenario.ts';
export { DEFAULTS } from './scenario.ts';
export { SCENARIOS } from './scenarios.ts';
