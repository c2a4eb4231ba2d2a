/** XML, as far as tests need it: is a text well-formed? */

const ATTRIBUTE = /^\s+[A-Za-z_:][\w:.-]*="[^"<]*"/;

/** What is wrong with a text that should be one XML element; undefined where nothing is. */
export function xmlFault(text: string): string | undefined {
  const open: string[] = [];
  let roots = 0;
  let rest = text.trim();
  while (rest !== '') {
    if (!rest.startsWith('<')) {
      const content = /^[^<]+/.exec(rest)?.[0] ?? '';
      if (open.length === 0 && content.trim() !== '') return `text outside the root: ${content.slice(0, 40)}`;
      const bad = badReference(content);
      if (bad) return bad;
      rest = rest.slice(content.length);
      continue;
    }
    const closing = /^<\/([\w:-]+)\s*>/.exec(rest);
    if (closing) {
      if (open.pop() !== closing[1]) return `${closing[0]} closes nothing`;
      rest = rest.slice(closing[0].length);
      continue;
    }
    const name = /^<([\w:-]+)/.exec(rest);
    if (!name?.[1]) return `no tag: ${rest.slice(0, 40)}`;
    rest = rest.slice(name[0].length);
    const seen = new Set<string>();
    for (let found = ATTRIBUTE.exec(rest); found; found = ATTRIBUTE.exec(rest)) {
      const [attribute = ''] = found[0].trim().split('=');
      const bad = seen.has(attribute) ? `${attribute} twice in <${name[1]}>` : badReference(found[0]);
      if (bad) return bad;
      seen.add(attribute);
      rest = rest.slice(found[0].length);
    }
    const end = /^\s*(\/?)>/.exec(rest);
    if (!end) return `<${name[1]}> is not closed: ${rest.slice(0, 40)}`;
    rest = rest.slice(end[0].length);
    if (open.length === 0) roots += 1;
    if (end[1] === '') open.push(name[1]);
  }
  if (open.length > 0) return `<${open.at(-1)}> has no end`;
  return roots === 1 ? undefined : `${roots} roots`;
}

function badReference(text: string): string | undefined {
  const bad = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/.exec(text);
  return bad ? `a bare & in ${text.slice(0, 40)}` : undefined;
}
