/** Colours and shapes of plots. Plots are drawn for a light page; on a dark one the page replaces colours. */

/** Okabe and Ito's palette, which is told apart with any kind of colour vision, and the colours of the page. */
export const COLOURS = {
  blue: { light: '#0072b2', dark: '#4aa8e0' },
  vermilion: { light: '#d55e00', dark: '#f28a3c' },
  green: { light: '#009e73', dark: '#2fc79b' },
  purple: { light: '#b0578d', dark: '#dd92bf' },
  orange: { light: '#b97f00', dark: '#e6b035' },
  sky: { light: '#3a93c4', dark: '#7cc8f2' },
  ink: { light: '#1b1f24', dark: '#e8eaed' },
  muted: { light: '#57606a', dark: '#a3abb5' },
  line: { light: '#d8dce1', dark: '#3a414a' },
  surface: { light: '#ffffff', dark: '#15181c' },
} as const;

export type Colour = keyof typeof COLOURS;

export const SYMBOLS = ['circle', 'diamond', 'triangle', 'rect'] as const;
export type Shape = (typeof SYMBOLS)[number] | 'none';

export interface SeriesStyle {
  readonly colour: Colour;
  readonly symbol: Shape;
  readonly dashed: boolean;
}

export const SERIES_COLOURS = ['blue', 'vermilion', 'green', 'purple', 'orange', 'sky'] as const;

/** The n-th of several things that are told apart by colour and shape. */
export function distinct(index: number): Pick<SeriesStyle, 'colour' | 'symbol'> {
  return {
    colour: SERIES_COLOURS[index % SERIES_COLOURS.length] ?? 'ink',
    symbol: SYMBOLS[index % SYMBOLS.length] ?? 'circle',
  };
}

export const FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
