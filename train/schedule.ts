/** How the learning rate goes down, after Loshchilov and Hutter 2017. */

/** From the full rate at the beginning to 0 at the end, along half a cosine. @param progress 0..1 */
export function cosine(learningRate: number, progress: number): number {
  return 0.5 * learningRate * (1 + Math.cos(Math.PI * progress));
}
