/** A sign-off as files: a page to read, the same as JSON, and the evidence of each check. */
import { GENERATOR } from '../hdl-gen/version.ts';
import { packageVersion } from '../tools/yowasp.ts';
import { type CheckResult, isSignedOff, type ReportFile, type Signoff } from './result.ts';

/** What no check covers, whatever its result. */
const NOT_COVERED = [
  'At gate level blocks are simulated without delays.',
  'Inputs outside of the contract: a shift above 24 + width of m, act_min above act_max.',
  'Proofs are about the Verilog text as Yosys reads it, not about what a synthesis tool makes of it, and not about timing.',
  'Proofs hold from the first reset on. They trust Yosys (its reader, its SAT solver), and the arithmetic that puts the claims together: formal/*.ts say which.',
] as const;

/** One row a check: check, method, result, time, evidence. */
export function tableRows(checks: readonly CheckResult[]): readonly (readonly string[])[] {
  return [
    ['check', 'method', 'result', 'time', 'evidence'],
    ...checks.map(({ check, method, status, seconds, cached = 0, evidenceFile }) => [
      check,
      method,
      status,
      `${seconds.toFixed(1)} s${cached > 0 ? ` (${cached} cached)` : ''}`,
      evidenceFile,
    ]),
  ];
}

export function signoffFiles(signoff: Signoff): readonly ReportFile[] {
  const { options, seed, vectors, mutants, checks } = signoff;
  const tools = { generator: GENERATOR, yosys: packageVersion('@yowasp/yosys') };
  const summary = {
    signedOff: isSignedOff(signoff),
    options,
    seed,
    vectors,
    mutants,
    tools,
    checks: checks.map(({ evidence: _, attachments: __, ...check }) => check),
    notCovered: NOT_COVERED,
  };
  return [
    { name: 'signoff.md', text: markdown(signoff) },
    { name: 'signoff.json', text: json(summary) },
    ...checks.map(({ evidenceFile, check, evidence }) => ({
      name: evidenceFile,
      text: json({ check, options, evidence }),
    })),
    ...checks.flatMap(({ attachments = [] }) => attachments),
  ];
}

function markdown(signoff: Signoff): string {
  const { options, seed, vectors, mutants, checks } = signoff;
  const { macs, k, units, arch, pipeline, leadingOne } = options;
  const [head = [], ...rows] = tableRows(checks);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const findings = checks.filter(({ status }) => status !== 'pass');
  const verdict = isSignedOff(signoff) ? 'Nothing failed, and nothing is open.' : '**Not signed off.**';
  return `# Sign-off: macs ${macs}, k ${k}, ${arch}, pipeline ${pipeline}, leading one ${leadingOne}

${verdict} Units of the array: ${units}. Random vectors: ${vectors} a block, seed ${seed}. Made by
${GENERATOR.name} ${GENERATOR.version} with ${packageVersion('@yowasp/yosys')}. Repeat it with

    npx npu-rescaler signoff --macs ${macs} --k ${k} --units ${units} --arch ${arch} --pipeline ${pipeline} --leading-one ${leadingOne} --vectors ${vectors} --seed ${seed} --mutants ${mutants}

What the blocks do and how to use them is in [datasheet.md](datasheet.md).

${line(head)}
${line(head.map(() => '---'))}
${rows.map(line).join('\n')}
${findings.length === 0 ? '' : `\n## Not passed\n\n${findings.flatMap(explained).join('\n')}\n`}
## Not covered

${NOT_COVERED.map((item) => `- ${item}`).join('\n')}
`;
}

function explained({ check, status, findings }: CheckResult): readonly string[] {
  return [
    `- ${check}: ${status}`,
    ...findings.map((finding) => `  - ${finding.trim().replaceAll(/\s*\n\s*/g, '; ')}`),
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
