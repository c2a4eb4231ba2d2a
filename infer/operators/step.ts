/** What an operator becomes when it is prepared. */
import type { Values } from '../values.ts';

/** Reads the operator's inputs and writes every element of its output. */
export type Step = (values: Values) => void;
