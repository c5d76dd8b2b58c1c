/** What must not happen, with all that is needed to see it again. */
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
