/**
 * Lines of one height in a frame that scrolls: of any number only those that are seen are in the document.
 *
 * Invariant: lines that are put in front move nothing that is seen, and following the end stops as soon as somebody
 * scrolls away from it.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import "./line-list.css";

const OVERSCAN = 12;

export interface LineListProps {
  readonly count: number;
  readonly height: number;
  readonly label: string;
  readonly render: (index: number) => ComponentChildren;
  /** What a line is called, so that it stays itself while others come and go. */
  readonly keyOf?: (index: number) => string | number;
  /** How many lines were put in front since the list was made, less those that were taken away there. */
  readonly shift?: number;
  readonly isFollowing?: boolean;
  readonly onFollowing?: (isFollowing: boolean) => void;
  readonly onNearTop?: () => void;
  readonly onNearEnd?: () => void;
  /** The line to bring into view, when it changes. */
  readonly shown?: number | null;
  readonly role?: "log" | "region";
  readonly class?: string;
  readonly rowsMax?: number;
}

/** Where the frame stands, kept up to date by its own events. */
function useWindow(frame: { current: HTMLDivElement | null }): { top: number; room: number; read: () => void } {
  const [seen, setSeen] = useState({ top: 0, room: 600 });
  const read = (): void => {
    const element = frame.current;
    if (element) setSeen({ top: element.scrollTop, room: element.clientHeight });
  };
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    read();
    const watch = new ResizeObserver(read);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return { ...seen, read };
}

export function LineList(props: LineListProps): JSX.Element {
  const { count, height, shift = 0, isFollowing = false, shown = null } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { top, room, read } = useWindow(frame);
  const lastShift = useRef(shift);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element && shift !== lastShift.current) element.scrollTop += (shift - lastShift.current) * height;
    lastShift.current = shift;
  }, [shift, height]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element && isFollowing) element.scrollTop = element.scrollHeight;
  }, [isFollowing, count]);

  useEffect(() => {
    const element = frame.current;
    if (element && shown !== null) element.scrollTop = Math.max(0, shown * height - element.clientHeight / 2);
  }, [shown, height]);

  const onScroll = (): void => {
    const element = frame.current;
    if (!element) return;
    read();
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < height * 2;
    if (isAtEnd !== isFollowing) props.onFollowing?.(isAtEnd);
    if (element.scrollTop < height * 20) props.onNearTop?.();
    if (element.scrollHeight - element.scrollTop - element.clientHeight < height * 40) props.onNearEnd?.();
  };

  const first = Math.max(0, Math.floor(top / height) - OVERSCAN);
  const end = Math.min(count, Math.ceil((top + room) / height) + OVERSCAN);
  const rows: JSX.Element[] = [];
  for (let at = first; at < end; at += 1) {
    rows.push(
      <div class="lines-row" key={props.keyOf?.(at) ?? at} style={{ height: `${height}px` }}>
        {props.render(at)}
      </div>,
    );
  }
  const most = props.rowsMax ?? 30;
  return (
    <div
      ref={frame}
      class={`lines ${props.class ?? ""}`}
      role={props.role ?? "region"}
      aria-label={props.label}
      aria-live={props.role === "log" ? "off" : undefined}
      tabIndex={0}
      onScroll={onScroll}
      style={{ height: `${Math.min(count, most) * height + 18}px` }}
    >
      <div class="lines-all" style={{ height: `${count * height}px` }}>
        <div class="lines-seen" style={{ transform: `translateY(${first * height}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  );
}
