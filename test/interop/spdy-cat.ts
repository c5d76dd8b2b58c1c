import type { Socket } from 'node:net'

/** The streams of `kubectl exec -i`, in the order in which it opens them (client-go `tools/remotecommand`), with the numbers that SPDY gives them. */
const STREAM = { error: 1, stdin: 3, stdout: 5, stderr: 7 } as const
const TYPE = { synStream: 1, synReply: 2, ping: 6 } as const
const FIN = 1
const STATUS = '{"metadata":{},"status":"Success"}'

/** All header blocks of a connection are one stream of zlib: its start, and the number 0 in a block that is not compressed, with an empty block that ends a part. */
const ZLIB_START = Buffer.from([0x78, 0x9c])
const NO_HEADERS = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])

/**
 * Switches a connection to SPDY/3.1, and answers as the command `cat` in a pod. Header blocks are not read.
 *
 * Source: SPDY Protocol - Draft 3.1 section 2; kubelet `pkg/kubelet/cri/streaming/remotecommand`.
 */
export function spdyCat(socket: Socket, head: Buffer): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n',
  )
  let rest = head
  let isFirst = true
  const onFrame = (first: number, second: number, content: Buffer): void => {
    if (first >= 0x80_00_00_00) onControl(first % 0x1_00_00, content)
    else if (first === STREAM.stdin) onInput(content, second >>> 24 === FIN)
  }
  const onControl = (type: number, content: Buffer): void => {
    if (type === TYPE.ping) socket.write(control(TYPE.ping, content))
    if (type !== TYPE.synStream) return
    const start = isFirst ? ZLIB_START : Buffer.alloc(0)
    isFirst = false
    socket.write(control(TYPE.synReply, Buffer.concat([content.subarray(0, 4), start, NO_HEADERS])))
  }
  const onInput = (content: Buffer, isLast: boolean): void => {
    if (content.length > 0) socket.write(data(STREAM.stdout, 0, content))
    if (!isLast) return
    for (const stream of [STREAM.stdout, STREAM.stderr]) socket.write(data(stream, FIN, Buffer.alloc(0)))
    socket.write(data(STREAM.error, FIN, Buffer.from(STATUS)))
  }
  const read = (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 8) {
      const length = rest.readUIntBE(5, 3)
      if (rest.length < 8 + length) return
      const content = rest.subarray(8, 8 + length)
      onFrame(rest.readUInt32BE(0), rest.readUInt32BE(4), content)
      rest = rest.subarray(8 + length)
    }
  }
  socket.on('data', read)
  socket.on('end', () => socket.end())
  socket.on('error', () => socket.destroy())
}

function control(type: number, content: Buffer): Buffer {
  return frame(0x80_03_00_00 + type, 0, content)
}

function data(stream: number, flags: number, content: Buffer): Buffer {
  return frame(stream, flags, content)
}

function frame(first: number, flags: number, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(first, 0)
  head.writeUInt8(flags, 4)
  head.writeUIntBE(content.length, 5, 3)
  return Buffer.concat([head, content])
}
