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

// Start-up first: it wants a process in which no tool has been loaded yet.
const SECTIONS: ReadonlyMap<string, () => Promise<Section>> = new Map([
  ['startup', startup],
  ['simulation', simulation],
  ['golden', golden],
  ['generation', generation],
  ['synthesis', synthesis],
  ['inference', inference],
  ['training', training],
]);

const USAGE = `Usage: npm run bench -- [--json] [section ...]

Sections, all of them by default: ${[...SECTIONS.keys()].join(', ')}
Synthesis takes some 25 minutes, the others take one to three.

Example:
  npm run bench -- simulation golden`;

async function run(chosen: readonly string[], json: boolean): Promise<void> {
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} threads, Node ${process.version}`;
  const sections: Section[] = [];
  if (!json) console.log(`${machine}\nmedian, and least .. greatest of the repeats; x: times as fast\n`);
  for (const [name, measure] of SECTIONS) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const section = await measure();
    sections.push(section);
    if (!json) console.log(`${format(section)}\n`);
  }
  if (json) console.log(JSON.stringify({ machine, sections }, undefined, 2));
}

/** What was asked for, or undefined where the command line says nothing that can be done. */
function parse() {
  const options = {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    const { values, positionals: chosen } = parseArgs({ options, allowPositionals: true });
    const unknown = chosen.find((name) => !SECTIONS.has(name));
    if (unknown !== undefined) throw new Error(`there is no section '${unknown}'`);
    return { ...values, chosen };
  } catch (error) {
    // The advice of Node about positional arguments does not apply here.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('. To specify');
    console.error(`bench: ${reason}; npm run bench -- --help lists what there is`);
    return undefined;
  }
}

const asked = parse();
if (asked === undefined) process.exitCode = 2;
else if (asked.help) console.log(USAGE);
else await run(asked.chosen, asked.json);
