/**
 * Names of metrics: which are of the machine, and which context they have.
 *
 * Invariant: a metric is either one of the program's or one of the machine's, never both.
 */

/** Whether a metric is one that the library measures of the machine. */
export function isSystemMetric(name: string): boolean {
  return /^(system|sys)[/.]/.test(name);
}
