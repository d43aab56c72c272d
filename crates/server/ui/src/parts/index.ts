/**
 * The shared parts, by one name.
 *
 * Invariant: pages take parts from here, so that a part can be moved without them.
 */
import "./parts.css";

export { announce, Announcer } from "./announce";
export { Badge, RunStateBadge, StateBadge, StateShape, type Tone } from "./badge";
export { Button, Chip, IconButton, Select, Switch, TextField } from "./controls";
export { copy } from "./copy";
export { CopyMenu, type CopyForms } from "./copy-menu";
export { Dialog, Keys, Menu, type MenuItem } from "./dialog";
export { Icon, type IconName } from "./icons";
export { bytesText, counted, grouped, significant } from "./number";
export { Boundary, Copyable, Empty, Failure, FailureMark, Panel, Skeleton } from "./panel";
export { Split } from "./split";
export { Table, type TableColumn, type TableProps } from "./table";
export { take, type Form, type Taken, type Taking } from "./take";
export { Tabs, type TabItem } from "./tabs";
export { agoText, durationText, Identifier, Name, NumberText, Time, timeText, VisuallyHidden, type ApiNumber } from "./text";
