/**
 * What is known of runs beside their curves: parameters, and one number each of their metrics.
 *
 * Invariants: only columns that are shown are asked for; a run without a value has none (null), and NaN stays NaN.
 */
import { post } from "../api/client";
import { histories } from "../api/columns";
import { useResource, type Resource } from "../api/resource";
import { isSeed } from "../pages/compare/groups";
import { pinnedAt } from "../state/url";
import { bareName } from "./batch";
import { lineOf } from "./line-model";
import type { AxisValue } from "./parallel-axes";
import { runTitle, type RunRef } from "./types";
import type { RunGroup } from "./use-groups";
import { useReloads } from "./use-reloads";

/** A run with the values of the columns that were asked for, in their order. */
export interface ValuedRun {
  readonly run: RunRef;
  readonly params: Readonly<Record<string, unknown>>;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Values that change are asked for again at most this often. */
const AGAIN_MS = 2_000;

/** The values of runs, kept up to date while they go on. */
export function useRunValues(runs: readonly RunRef[], columns: readonly string[]): Resource<readonly ValuedRun[]> {
  const key = `values ${runs.map(({ id }) => id).join()} ${JSON.stringify(columns)} ${pinnedAt.value}`;
  const resource = useResource(key, (signal) => valuesOf(runs, columns, signal));
  useReloads((tick) => tick.points.some((points) => runs.some(({ id }) => id === points.run)), resource, AGAIN_MS);
  return resource;
}

async function valuesOf(runs: readonly RunRef[], columns: readonly string[], signal: AbortSignal): Promise<ValuedRun[]> {
  if (runs.length === 0) return [];
  const filter = [`id in (${runs.map(({ id }) => `'${id}'`).join(", ")})`];
  const body = { filter, columns: [...columns], fields: ["id", "params", "columns"], limit: runs.length, deleted: "with", at: pinnedAt.peek() };
  const { items } = await post<{ items: { id: string; params?: Record<string, unknown>; columns?: Record<string, unknown> }[] }>("/runs/search", body, { signal });
  const byId = new Map(items.map((item) => [item.id, item]));
  return runs.map((run) => ({ run, params: byId.get(run.id)?.params ?? {}, columns: byId.get(run.id)?.columns ?? {} }));
}

/** The value of a metric of runs at a step, or the last before it. */
export function useValuesAt(runs: readonly RunRef[], metric: string, step: number | null): Resource<ReadonlyMap<string, number>> {
  const key = `values at ${step} of ${metric} ${runs.map(({ id }) => id).join()} ${pinnedAt.value}`;
  const resource = useResource<ReadonlyMap<string, number>>(key, async (signal) => {
    if (step === null || runs.length === 0) return new Map();
    const found = await histories({ runs: runs.map(({ id }) => id), metrics: [bareName(metric)], to: step, buckets: 1 }, { signal });
    const lines = found.filter((history) => history.metric === metric).map(lineOf);
    return new Map(lines.flatMap((line) => (line.rows > 0 ? [[line.run, line.last[line.rows - 1] as number] as const] : [])));
  });
  useReloads((tick) => tick.points.some((points) => runs.some(({ id }) => id === points.run)), resource, AGAIN_MS);
  return resource;
}

/** A value as a number; null where there is none. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = value === "Infinity" || value === "-Infinity" || value === "NaN" ? Number(value) : Number(value);
  return Number.isNaN(number) && value !== "NaN" ? null : number;
}

/** A parameter as a place on an axis. */
export function axisValueOf(value: unknown): AxisValue {
  if (value === undefined || value === null) return null;
  return typeof value === "number" ? value : typeof value === "string" ? value : JSON.stringify(value);
}

/** The parameters in which runs differ, in the order of their names. */
export function differingParams(values: readonly ValuedRun[]): string[] {
  const names = [...new Set(values.flatMap(({ params }) => Object.keys(params)))].sort();
  return names.filter((name) => new Set(values.map(({ params }) => JSON.stringify(params[name] ?? null))).size > 1);
}

/** Groups of runs with the same value of a parameter; without one, with the same of all that are no seeds. */
export function groupsBy(values: readonly ValuedRun[], param: string): RunGroup[] {
  const told = param === "" ? differingParams(values).filter((name) => !isSeed(name)) : [param];
  const groups = new Map<string, string[]>();
  for (const { run, params } of values) {
    const name = told.map((each) => `${each} ${axisValueOf(params[each]) ?? "none"}`).join(", ") || "all runs";
    groups.set(name, [...(groups.get(name) ?? []), run.id]);
  }
  return [...groups].map(([name, runs]) => ({ name, runs }));
}

/** A group of each run by itself. */
export function eachAlone(values: readonly ValuedRun[]): RunGroup[] {
  return values.map(({ run }) => ({ name: runTitle(run), runs: [run.id] }));
}
