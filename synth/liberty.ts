/**
 * Liberty, the format of cell libraries: text to groups and back.
 *
 * A library is a tree of groups with attributes. Files run to tens of megabytes, nearly all of it power
 * tables that nothing here asks for, so the reader takes the kinds of groups to keep and passes over the
 * rest without a look inside, yet still counts its braces: a file that was cut short is found out.
 */
import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** `kind (names) { attributes groups }` */
export interface Group {
  readonly kind: string;
  readonly names: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly groups: readonly Group[];
}

/** `name : value;` or, with `list`, `name (value, value);`. Values are as in the text, quotes included. */
export interface Attribute {
  readonly name: string;
  readonly values: readonly string[];
  readonly list: boolean;
}

/** A library that cannot be used, with the file and what to do about it. The user's to mend. */
export class LibertyError extends Error {
  override readonly name = 'LibertyError';
}

/** @throws LibertyError when the file cannot be read */
export function readLiberty(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_FS_FILE_TOO_LARGE') throw tooLarge(path, 'has more than 2 GiB');
    const reason = code === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new LibertyError(
      `cannot read ${path}: ${reason}; give the path of a Liberty file, .lib or .lib.gz`,
    );
  }
}

/**
 * The text of a Liberty file, unpacked if it is packed by gzip.
 *
 * @param path the file, as messages name it
 * @throws LibertyError when it cannot be unpacked, or is larger than a string can be
 */
export function libertyText(bytes: Buffer, path: string): string {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(bytes, path) : bytes;
  if (plain.length > LONGEST) throw tooLarge(path, `has ${plain.length} bytes`);
  const start = plain.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? BYTE_ORDER_MARK.length
    : 0;
  // One byte a character: comments may hold anything, and names are ASCII.
  return plain.toString('latin1', start);
}

/** In bytes, which are one character each. */
const LONGEST = constants.MAX_STRING_LENGTH;

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

function unpacked(bytes: Buffer, path: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: LONGEST });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path, `has more than ${LONGEST} bytes unpacked`);
    throw new LibertyError(`${path} cannot be unpacked (${messageOf(error)}); get the file again`);
  }
}

function tooLarge(path: string, size: string): LibertyError {
  return new LibertyError(
    `${path} ${size}, and no more than ${LONGEST} bytes can be read; give the NLDM file of the library instead of CCS`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The library group of a Liberty text. Of the groups inside it, those of the kinds that `keep` holds.
 *
 * @param path the file, as messages name it
 * @throws LibertyError with the line, when the text is not one whole library
 */
export function parseLiberty(text: string, path: string, keep: ReadonlySet<string>): Group {
  return new Parser(text, path, keep).library();
}

/** The value of a simple attribute, or the first of a list, without quotes. */
export function attributeOf(group: Group, name: string): string | undefined {
  const value = group.attributes.find((attribute) => attribute.name === name)?.values[0];
  return value === undefined ? undefined : unquote(value);
}

export function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1) : value;
}

/** What a list holds, which has commas inside its strings and between them; nothing where there is no list. */
export function listItems(group: Group, name: string): readonly string[] | undefined {
  const found = group.attributes.find((attribute) => attribute.name === name);
  return found?.values.flatMap((value) =>
    unquote(value)
      .replaceAll('\\', ' ')
      .split(/[\s,]+/)
      .filter(Boolean),
  );
}

export function groupsOf(group: Group, kind: string): readonly Group[] {
  return group.groups.filter((inner) => inner.kind === kind);
}

/** Liberty text of a group. */
export function printLiberty(group: Group): string {
  const lines: string[] = [];
  print(group, '', lines);
  return `${lines.join('\n')}\n`;
}

function print({ kind, names, attributes, groups }: Group, indent: string, lines: string[]): void {
  const inner = `${indent}  `;
  const shown = kind === 'library' ? names.map(quoted) : names;
  lines.push(`${indent}${kind} (${shown.join(', ')}) {`);
  for (const { name, values, list } of attributes)
    lines.push(list ? `${inner}${name} (${values.join(', ')});` : `${inner}${name} : ${values[0]};`);
  for (const group of groups) print(group, inner, lines);
  lines.push(`${indent}}`);
}

/**
 * A name with quotes where it cannot be read without them. Only of libraries, which people name: cells and pins
 * are names of Verilog, and `ff ("IQ,IQN")`, as some write, is read as two names where it has no quotes.
 */
function quoted(name: string): string {
  return /^[\w.[\]-]*$/.test(name) ? name : `"${name}"`;
}

const QUOTE = 0x22;
const SLASH = 0x2f;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NEWLINE = 0x0a;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;
const LEFT = 0x28;
const RIGHT = 0x29;
const COLON = 0x3a;
const COMMA = 0x2c;

class Parser {
  readonly #text: string;
  readonly #path: string;
  readonly #keep: ReadonlySet<string>;
  /** What the current position is inside of, outermost first, for messages. */
  readonly #inside: string[] = [];
  #at = 0;

  constructor(text: string, path: string, keep: ReadonlySet<string>) {
    this.#text = text;
    this.#path = path;
    this.#keep = keep;
  }

  library(): Group {
    this.#skipSpace();
    if (this.#at === this.#text.length) throw this.#cutShort();
    const start = this.#at;
    const notLiberty = () =>
      this.#error(
        start,
        `is not a Liberty file: it does not begin with "library (name) {"; give a .lib or .lib.gz file`,
      );
    if (this.#word() !== 'library') throw notLiberty();
    this.#skipSpace();
    if (this.#code() !== LEFT) throw notLiberty();
    const names = this.#list().map(unquote);
    this.#skipSpace();
    if (this.#code() !== OPEN) throw notLiberty();
    const library = this.#group('library', names);
    this.#skipSpace();
    while (this.#text[this.#at] === ';') {
      this.#at += 1;
      this.#skipSpace();
    }
    if (this.#at < this.#text.length)
      throw this.#error(this.#at, 'goes on after the end of its library: a closing brace too many before?');
    return library;
  }

  /** A group, from its opening brace. */
  #group(kind: string, names: readonly string[]): Group {
    this.#at += 1;
    const attributes: Attribute[] = [];
    const groups: Group[] = [];
    this.#inside.push(`${kind} ${names.join(', ')}`.trim());
    for (;;) {
      this.#skipSpace();
      const code = this.#code();
      if (code === CLOSE) break;
      if (code === SEMICOLON) {
        this.#at += 1;
        continue;
      }
      const start = this.#at;
      const name = this.#word();
      if (name === '') throw this.#error(start, `has an unexpected ${JSON.stringify(this.#text[start])}`);
      this.#skipSpace();
      const next = this.#code();
      if (next === COLON) {
        this.#at += 1;
        attributes.push({ name, values: [this.#simpleValue()], list: false });
      } else if (next === LEFT) {
        const values = this.#list();
        this.#skipSpace();
        if (this.#code() !== OPEN) attributes.push({ name, values, list: true });
        else if (this.#keep.has(name)) groups.push(this.#group(name, values.map(unquote)));
        else this.#skipGroup(name);
      } else {
        throw this.#error(this.#at, `has neither ":" nor "(" after ${name}`);
      }
    }
    this.#at += 1;
    this.#inside.pop();
    return { kind, names, attributes, groups };
  }

  /** Passes over a group, from its opening brace. */
  #skipGroup(kind: string): void {
    this.#inside.push(kind);
    const text = this.#text;
    let depth = 0;
    for (; this.#at < text.length; this.#at += 1) {
      const code = text.charCodeAt(this.#at);
      if (code === OPEN) depth += 1;
      else if (code === CLOSE) {
        depth -= 1;
        if (depth === 0) break;
      } else if (code === QUOTE) this.#at = this.#endOfString();
      else if (code === SLASH && this.#startsComment()) this.#at = this.#endOfComment() - 1;
    }
    if (this.#at >= text.length) throw this.#cutShort();
    this.#at += 1;
    this.#inside.pop();
  }

  /** Values between parentheses, from the opening one. */
  #list(): string[] {
    this.#at += 1;
    const values: string[] = [];
    for (;;) {
      this.#skipSpace();
      const code = this.#code();
      if (code === RIGHT) break;
      if (code === COMMA) {
        this.#at += 1;
        continue;
      }
      const start = this.#at;
      if (code === QUOTE) {
        this.#at = this.#endOfString() + 1;
      } else {
        while (!endsListItem(this.#code())) this.#at += 1;
        if (this.#at === start)
          throw this.#error(start, `has an unexpected ${JSON.stringify(this.#text[start])} in a list`);
      }
      values.push(this.#text.slice(start, this.#at));
    }
    this.#at += 1;
    return values;
  }

  /** What follows the colon, up to the semicolon, which some writers leave out at the end of a line. */
  #simpleValue(): string {
    const text = this.#text;
    while (isBlank(text.charCodeAt(this.#at))) this.#at += 1;
    const start = this.#at;
    for (;;) {
      const code = this.#code();
      if (code === SEMICOLON || code === NEWLINE || code === CLOSE) break;
      if (code === QUOTE) this.#at = this.#endOfString();
      else if (code === SLASH && this.#startsComment()) break;
      this.#at += 1;
    }
    return text.slice(start, this.#at).trim();
  }

  #word(): string {
    const start = this.#at;
    while (isWord(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #code(): number {
    const code = this.#text.charCodeAt(this.#at);
    if (Number.isNaN(code)) throw this.#cutShort();
    return code;
  }

  #skipSpace(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (isBlank(code) || code === NEWLINE || code === BACKSLASH) this.#at += 1;
      else if (code === SLASH && this.#startsComment()) this.#at = this.#endOfComment();
      else return;
    }
  }

  /** Index of the quote that closes the string at the current position. */
  #endOfString(): number {
    const end = this.#text.indexOf('"', this.#at + 1);
    if (end < 0) throw this.#cutShort();
    return end;
  }

  #startsComment(): boolean {
    const next = this.#text[this.#at + 1];
    return next === '*' || next === '/';
  }

  /** Index after the comment at the current position. */
  #endOfComment(): number {
    const block = this.#text[this.#at + 1] === '*';
    const end = this.#text.indexOf(block ? '*/' : '\n', this.#at + 2);
    if (end >= 0) return end + (block ? 2 : 1);
    if (block) throw this.#cutShort();
    return this.#text.length;
  }

  #cutShort(): LibertyError {
    const place = this.#inside.at(-1);
    // An empty file is inside nothing.
    return place === undefined
      ? new LibertyError(`${this.#path} holds no library; give a Liberty file, .lib or .lib.gz`)
      : new LibertyError(
          `${this.#path} is cut short: it ends inside ${this.#inside.slice(1).join(', ') || place}, ` +
            'where a closing brace or quote is missing; get the file again',
        );
  }

  #error(at: number, problem: string): LibertyError {
    const line = this.#text.slice(0, at).split('\n').length;
    return new LibertyError(`${this.#path}:${line} ${problem}`);
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d;
}

function isWord(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x2e ||
    code === 0x2d
  );
}

function endsListItem(code: number): boolean {
  return (
    isBlank(code) ||
    code === NEWLINE ||
    code === COMMA ||
    code === RIGHT ||
    code === SEMICOLON ||
    code === OPEN ||
    code === CLOSE ||
    code === QUOTE
  );
}
