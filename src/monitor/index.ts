/** A monitor: follows a log, computes again what it says, keeps proof of what is wrong, and signs the states that are right. */
export type { AlarmKind } from './alarm.ts';
export type { MonitorEvent } from './event.ts';
export { follow } from './follow.ts';
export { Monitor, type MonitorOptions } from './monitor.ts';
export { serveMonitor } from './server.ts';
