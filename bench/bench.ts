/**
 * `npm run bench`: ratios against a peer, both measured in the same run. Nothing is asserted about times:
 * machines differ, and they are never idle.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { generation } from './generation.ts';
import { golden } from './golden.ts';
import { inference } from './inference.ts';
import { format, type Section } from './report.ts';
import { simulation } from './simulation.ts';
import { startup } from './startup.ts';
import { synthesis } from './synthesis.ts';
import { training } from './training.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} threads, Node ${process.version}`;
const sections: Section[] = [];
if (!values.json) console.log(`${machine}\nmedian, and least .. greatest of the repeats; x: times as fast\n`);
// Start-up first: it wants a process in which no tool has been loaded yet.
for (const run of [startup, simulation, golden, generation, synthesis, inference, training]) {
  const section = await run();
  sections.push(section);
  if (!values.json) console.log(`${format(section)}\n`);
}
if (values.json) console.log(JSON.stringify({ machine, sections }, undefined, 2));
