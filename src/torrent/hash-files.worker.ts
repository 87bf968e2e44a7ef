import { parentPort } from 'node:worker_threads';
import type { HashPlan } from './hash-plan.ts';
import { UnitError, UnitHasher, type UnitProblem } from './unit-hasher.ts';

/** Why a thread could not do its share. */
export interface HashProblem {
  readonly fileIndex: number;
  readonly problem: UnitProblem;
  readonly reason: string;
}

/** What a hashing worker says, once, before it ends. */
export type WorkerReport = { readonly done: true } | ({ readonly done: false } & HashProblem);

function hashAll(plan: HashPlan): WorkerReport {
  const hasher = new UnitHasher(plan);
  try {
    let more = true;
    while (more) more = hasher.hashNext();
    return { done: true };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    return { done: false, fileIndex: error.fileIndex, problem: error.problem, reason: error.message };
  }
}

parentPort?.once('message', (plan: HashPlan) => parentPort?.postMessage(hashAll(plan)));
