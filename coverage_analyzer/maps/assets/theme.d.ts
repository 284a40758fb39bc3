/** Colours and marks: the module is made by maps/page.py from schema/theme.py. */

export interface SiteStyle {
  color: string;
  shape: string;
  words: string;
}

export const THEME: {
  statuses: Record<SiteState, SiteStyle>;
  drawnInOrder: SiteState[];
  symbolEdge: string;
  center: { line: string; fill: string; closed: string; new: string };
};
