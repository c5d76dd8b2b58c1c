/** A violation, with everything needed to reproduce it. */
export class Finding extends Error {
  name = 'Finding'

  constructor(message, input) {
    super(`${message}\n    ${JSON.stringify(input, asText)}`)
  }
}

/** Bytes as hex. */
function asText(_, value) {
  if (value?.type === 'Buffer' && Array.isArray(value.data)) return Buffer.from(value.data).toString('hex')
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
