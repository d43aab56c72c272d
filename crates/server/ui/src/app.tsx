/**
 * Which page an address is.
 *
 * Invariants: a page is loaded when it is asked for first; going from page to page keeps the shell as it is, and the
 * page before until the next one is there.
 */
import { computed, signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";

import { asApiError } from "./api/resource";
import type { ApiError } from "./api/client";
import { Boundary, Failure, Skeleton } from "./parts";
import { Shell } from "./shell/shell";
import { place } from "./state/url";

/** What a page is given: the parts of its address. */
export interface PageProps {
  readonly id: string;
}

type Page = ComponentType<PageProps>;
interface Module {
  readonly default: Page;
  /** Asks for what the page shows first, before it is drawn. */
  readonly begin?: (id: string) => void;
}
type Loading = () => Promise<Module>;

/** Every page: its address, in which `:id` is any one part, its name and where it is. */
const PAGES: readonly (readonly [string, string, Loading])[] = [
  ["/", "Experiments", () => import("./pages/experiments")],
  ["/experiments/:id", "Experiment", () => import("./pages/workspace")],
  ["/runs/:id", "Run", () => import("./pages/run")],
  ["/compare", "Compare", () => import("./pages/compare")],
  ["/artifacts", "Artifacts", () => import("./pages/artifacts")],
  ["/artifacts/:id", "Artifact", () => import("./pages/artifacts")],
  ["/datasets", "Datasets", () => import("./pages/datasets")],
  ["/datasets/:id", "Dataset", () => import("./pages/datasets")],
  ["/models", "Models", () => import("./pages/models")],
  ["/models/:id", "Model", () => import("./pages/models")],
  ["/lineage", "Lineage", () => import("./pages/lineage")],
  ["/analytics", "Analytics", () => import("./pages/analytics")],
  ["/log", "Log", () => import("./pages/log")],
  ["/search", "Search", () => import("./pages/search")],
  ["/settings", "Settings", () => import("./pages/settings")],
  ["/v/:id", "View", () => import("./pages/view")],
];

const loading = new Map<Loading, Promise<Module>>();

/** A page that is loaded, once for all who wait for it; what failed is tried again. */
function loadOnce(load: Loading): Promise<Module> {
  const known = loading.get(load);
  if (known !== undefined) return known;
  const module = load();
  loading.set(load, module);
  module.catch(() => loading.delete(load));
  return module;
}

/** The page at a path, and the part of the path that names what it is about. */
export function pageAt(path: string): { title: string; id: string; load: Loading } | null {
  for (const [pattern, title, load] of PAGES) {
    const shape = new RegExp(`^${pattern.replace(":id", "([^/]+)")}/?$`).exec(path);
    if (shape === null) continue;
    try {
      return { title, load: () => loadOnce(load), id: decodeURIComponent(shape[1] ?? "") };
    } catch {
      return null;
    }
  }
  return null;
}

interface Drawn {
  readonly Page: Page;
  readonly id: string;
  readonly title: string;
}

const found = computed(() => pageAt(place.value.path));
const drawn = signal<Drawn | null>(null);
const trouble = signal<ApiError | null>(null);
const attempt = signal(0);

function useLoadedPage(): void {
  const page = found.value;
  const turn = attempt.value;
  useEffect(() => {
    trouble.value = null;
    let isOvertaken = false;
    page?.load().then(
      (module) => {
        if (isOvertaken) return;
        document.title = page.id === "" ? `${page.title} · mltrack` : `${page.id.slice(0, 80)} · ${page.title} · mltrack`;
        drawn.value = { Page: module.default, id: page.id, title: page.title };
      },
      (error: unknown) => {
        if (!isOvertaken) trouble.value = asApiError(error);
      },
    );
    return () => {
      isOvertaken = true;
    };
  }, [page, turn]);
}

function Current(): JSX.Element {
  useLoadedPage();
  if (found.value === null) return <Missing />;
  if (trouble.value !== null) {
    return (
      <div class="page">
        <Failure error={trouble.value} onRetry={() => (attempt.value += 1)} />
      </div>
    );
  }
  const page = drawn.value;
  if (page === null) {
    return (
      <div class="page">
        <Skeleton lines={8} />
      </div>
    );
  }
  return (
    <Boundary key={`${page.title} ${page.id}`}>
      <page.Page id={page.id} />
    </Boundary>
  );
}

function Missing(): JSX.Element {
  return (
    <div class="page">
      <h1>There is no such page</h1>
      <p class="soft">
        Nothing is at <code class="name">{place.value.path}</code>.
      </p>
      <p>
        <a href="/">All experiments</a>
      </p>
    </div>
  );
}

export function App(): JSX.Element {
  return (
    <Shell>
      <Current />
    </Shell>
  );
}
