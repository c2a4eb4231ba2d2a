/**
 * A fast adder: Kogge and Stone's parallel prefix, log2(WIDTH) levels, for the few sums that are on the
 * critical path. Elsewhere `+` is left to the synthesis tool.
 */
import { clog2, defineModule, input, output, pow2, repeat, unsigned } from '../dsl/index.ts';
import { PARAMETERS } from './parameters.ts';

export const prefixAdder = defineModule({
  name: 'prefix_adder',
  description: 'a + b + carry_in modulo 2^WIDTH by parallel prefix (Kogge-Stone); combinational.',
  parameters: {
    WIDTH: {
      minimum: 2,
      maximum: 32 + PARAMETERS.K.maximum + 1,
      default: 32,
      description: 'Width of the operands in bits',
    },
  },
  ports: ({ WIDTH }) => ({
    a: input.unsigned(WIDTH, 'First operand'),
    b: input.unsigned(WIDTH, 'Second operand'),
    carry_in: input.unsigned(1, 'Added at weight 1; may arrive late'),
    total: output.unsigned(WIDTH, 'a + b + carry_in'),
  }),
  body: (scope, { a, b, carry_in }, { WIDTH }) => {
    const levels = scope.localParameter('LEVELS', clog2(WIDTH));
    const bits = scope.wire('bits', a.xor(b));
    scope.comment(
      'Level l: what the 2^l bits up to a bit do together: generate a carry, or let one from below through. Bits with fewer below them have nothing more to join, which counts as letting through.',
    );
    const level = scope.family(
      'level',
      { genvar: 'l', first: 0, last: levels },
      () => ({ carry: unsigned(WIDTH), through: unsigned(WIDTH) }),
      (block, l, family) => {
        const carry = block.choose(
          'carry',
          unsigned(WIDTH),
          l.lessThan(1),
          { label: 'generated', describe: () => a.and(b) },
          {
            label: 'joined',
            describe: () => {
              const below = family.at(l.minus(1));
              return below.carry.or(below.through.and(below.carry.placeWrap(pow2(l.minus(1)))));
            },
          },
        );
        const through = block.choose(
          'through',
          unsigned(WIDTH),
          l.lessThan(1),
          { label: 'passed', describe: () => bits },
          {
            label: 'chained',
            describe: () => {
              const { through: below } = family.at(l.minus(1));
              return below.and(
                below
                  .not()
                  .placeWrap(pow2(l.minus(1)))
                  .not(),
              );
            },
          },
        );
        return { carry, through };
      },
    );

    scope.comment('What enters a bit: the carry out of all bits below, or carry_in if they all pass it on.');
    const all = level.at(levels);
    const leaving = scope.wire('leaving', all.carry.or(all.through.and(repeat(carry_in, WIDTH))));
    return { total: bits.xor(leaving.placeWrap(1).or(carry_in.extend(WIDTH))) };
  },
});
