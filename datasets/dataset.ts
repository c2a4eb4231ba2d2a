/** Labelled images, as every reader of them gets them. */

/** height x width x channels. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface LabelledImages {
  readonly count: number;
  /** [count, height, width, channels], 0..255. */
  readonly images: Uint8Array;
  /** [count], each below the number of classes. */
  readonly labels: Uint8Array;
}

/** What is trained on, and what it is judged by. No image is in both. */
export interface Halves {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export interface Dataset extends Halves {
  readonly name: string;
  readonly shape: ImageShape;
  /** Their names; a label is an index into them. */
  readonly classes: readonly string[];
}

/** A data set that is not there, or not what it should be: one line with the remedy. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}
