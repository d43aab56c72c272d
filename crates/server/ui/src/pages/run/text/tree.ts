/**
 * Paths as a tree of folders with sums of what lies in them.
 * Invariant: every file is in the tree once; folders come before files, both in the order of their names.
 */

export interface Filed {
  readonly path: string;
  readonly bytes: number;
}

export interface Folder<T extends Filed> {
  readonly name: string;
  readonly path: string;
  readonly folders: readonly Folder<T>[];
  readonly files: readonly T[];
  readonly bytes: number;
  readonly count: number;
}

export interface TreeRow<T extends Filed> {
  readonly depth: number;
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly count: number;
  readonly isOpen: boolean;
  readonly file: T | null;
}

const ORDER = new Intl.Collator("en", { numeric: true });

export function treeOf<T extends Filed>(files: readonly T[], name = "", path = ""): Folder<T> {
  const here: T[] = [];
  const below = new Map<string, T[]>();
  for (const file of files) {
    const rest = path === "" ? file.path : file.path.slice(path.length + 1);
    const slash = rest.indexOf("/");
    if (slash < 0) here.push(file);
    else {
      const folder = rest.slice(0, slash);
      const list = below.get(folder);
      if (list) list.push(file);
      else below.set(folder, [file]);
    }
  }
  const folders = [...below].map(([folder, list]) => treeOf(list, folder, path === "" ? folder : `${path}/${folder}`));
  folders.sort((one, other) => ORDER.compare(one.name, other.name));
  here.sort((one, other) => ORDER.compare(one.path, other.path));
  return { name, path, folders, files: here, bytes: files.reduce((sum, file) => sum + file.bytes, 0), count: files.length };
}

/** The rows that are seen while these folders are closed. */
export function rowsOf<T extends Filed>(folder: Folder<T>, closed: ReadonlySet<string>, depth = 0): readonly TreeRow<T>[] {
  const rows: TreeRow<T>[] = [];
  for (const child of folder.folders) {
    const isOpen = !closed.has(child.path);
    rows.push({ depth, name: child.name, path: child.path, bytes: child.bytes, count: child.count, isOpen, file: null });
    if (isOpen) rows.push(...rowsOf(child, closed, depth + 1));
  }
  for (const file of folder.files) {
    const name = folder.path === "" ? file.path : file.path.slice(folder.path.length + 1);
    rows.push({ depth, name, path: file.path, bytes: file.bytes, count: 1, isOpen: false, file });
  }
  return rows;
}
