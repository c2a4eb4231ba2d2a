/** A gzipped tar archive as npm writes them, from files in memory. */
import { gzipSync } from 'node:zlib';

export function tarball(files: Readonly<Record<string, Uint8Array | string>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [header(name, bytes.length), bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('000644 \0', 100);
  block.write(`${size.toString(8).padStart(11, '0')} `, 124);
  block.write('        0', 148);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0) - 0x30;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 0`, 148);
  return block;
}
