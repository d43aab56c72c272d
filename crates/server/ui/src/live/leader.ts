/**
 * One tab of the browser does a thing for all of them.
 *
 * Invariant: while tabs can see each other, one of them at most leads; when it closes another one takes over. Without
 * Web Locks, which a page has only on localhost or with TLS, a lease in localStorage decides.
 */

const LEASE_MS = 4_000;
const RENEWAL_MS = 1_000;

/** Runs `work` while this tab leads; its signal tells when it does no longer. Returns what stops it for good. */
export function lead(name: string, work: (signal: AbortSignal) => Promise<void>): () => void {
  const stop = new AbortController();
  const locks: LockManager | undefined = navigator.locks;
  if (locks === undefined) leadByLease(name, work, stop.signal);
  else {
    locks
      .request(name, { signal: stop.signal }, () => work(stop.signal))
      .catch((error: unknown) => {
        if (!stop.signal.aborted) leadByLease(name, work, stop.signal);
        else if (!(error instanceof DOMException)) throw error;
      });
  }
  return () => stop.abort();
}

interface Lease {
  owner: string;
  until: number;
}

function leadByLease(name: string, work: (signal: AbortSignal) => Promise<void>, stop: AbortSignal): void {
  const owner = Math.random().toString(36).slice(2);
  let leading: AbortController | null = null;
  const look = (): void => {
    if (stop.aborted) return;
    const held = leaseOf(name);
    const isFree = held === null || held.owner === owner || held.until < Date.now();
    if (isFree) write(name, { owner, until: Date.now() + LEASE_MS });
    const isMine = isFree && (leaseOf(name)?.owner ?? owner) === owner;
    if (isMine && leading === null) {
      leading = new AbortController();
      void work(leading.signal).catch(() => undefined);
    } else if (!isMine && leading !== null) {
      leading.abort();
      leading = null;
    }
  };
  const timer = setInterval(look, RENEWAL_MS);
  const leave = (): void => {
    clearInterval(timer);
    leading?.abort();
    if (leaseOf(name)?.owner === owner) write(name, { owner, until: 0 });
  };
  stop.addEventListener("abort", leave);
  addEventListener("pagehide", leave);
  look();
}

function leaseOf(name: string): Lease | null {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") as Lease | null;
  } catch {
    return null;
  }
}

function write(name: string, lease: Lease): void {
  try {
    localStorage.setItem(name, JSON.stringify(lease));
  } catch {
    // A browser that keeps nothing has tabs that know nothing of each other: each leads itself.
  }
}
