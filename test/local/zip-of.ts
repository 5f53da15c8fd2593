import { crc32, deflateRawSync } from 'node:zlib';

type Entry = { name: string; content: Buffer; deflated: boolean; crc?: number; method?: number };

/** A zip archive as the usual tools write it: entries, directory, end record, comment. */
export function zipOf(entries: readonly Entry[], comment = ''): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, deflated, crc = crc32(content), method = deflated ? 8 : 0 } of entries) {
    const packed = deflated ? deflateRawSync(content) : content;
    const named = Buffer.from(name);
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc, 0);
    sizes.writeUInt32LE(packed.length, 4);
    sizes.writeUInt32LE(content.length, 8);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    sizes.copy(local, 14);
    local.writeUInt16LE(named.length, 26);
    local.writeUInt16LE(3, 28);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(method, 10);
    sizes.copy(central, 16);
    central.writeUInt16LE(named.length, 28);
    central.writeUInt32LE(at, 42);
    directory.push(central, named);
    files.push(local, named, Buffer.from('xtr'), packed);
    at += 33 + named.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...files, ...directory, end, Buffer.from(comment)]);
}
