/** The part of WaveDrom that is used; the package has no types of its own. */
declare module 'wavedrom' {
  export interface WaveLane {
    readonly name?: string;
    /** A character for each cycle: `0`, `1`, `=` (the next of `data`), `x`, `.` as before. */
    readonly wave?: string;
    readonly data?: readonly string[];
    /** A character for each cycle; letters are where edges begin and end. */
    readonly node?: string;
  }

  /** A lane, or a group of lanes under a name. */
  export type WaveSignal = WaveLane | readonly [name: string, ...lanes: readonly WaveSignal[]];

  export interface WaveJson {
    readonly signal: readonly WaveSignal[];
    /** Such as `a~>b label`. */
    readonly edge?: readonly string[];
    readonly head?: { readonly text: string; readonly tick?: number };
    readonly config?: { readonly hscale?: number };
  }

  /** XML as arrays. */
  type Element = readonly [name: string, attributes: object, ...children: readonly unknown[]];

  const wavedrom: {
    renderAny(index: number, source: WaveJson, skins: object): Element;
    readonly waveSkin: object;
    readonly onml: { stringify(element: Element): string };
  };
  export default wavedrom;
}
