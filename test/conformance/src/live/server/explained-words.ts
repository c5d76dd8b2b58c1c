import type { Difference } from '../difference.ts'

/** What kube-apiserver says, and what is said here of the same. */
const WORDS: readonly (readonly [there: RegExp, here: RegExp])[] = [
  // It names its parser, its Go types or its files, and repeats the body.
  [
    /^the object provided is unrecognized \(must be of type \w+\): /,
    /^(?:the body of the request is not JSON|the object provided is not an? \w+|not an? \w+)$/,
  ],
  [
    /^\w* in version "[^"]*" cannot be handled as a \w+: (?:no kind |converting \()/,
    /^(?:the object provided is not an? \w+|the API version in the data does not match the expected API version \([\w./]+\))$/,
  ],
  [/^\w* in version "[^"]*" cannot be handled as a \w+: strict decoding error: /, /^strict decoding error: /],
  [
    /^\w* in version "[^"]*" cannot be handled as a \w+: (?:json: cannot unmarshal|illegal base64|parsing time|quantities must)/,
    /^[\w.[\]-]+: Invalid value: (?:must |parsing time )/,
  ],
  [/^ "" is invalid: patch: Invalid value: "\{/, /^ "" is invalid: patch: Invalid value: /],
  [/^no kind "\w*" is registered for version /, /^the body of a deletion must be DeleteOptions$/],
  [
    /^error decoding patch: /,
    /^(?:a JSON patch must be a list of operations|the body of the request is not JSON)$/,
  ],
  [/^invalid continue token: continue key is not valid: /, /^continue key is not valid$/],
  // Values of selectors and numbers are repeated, or the parser is named.
  [/^(?:unable to parse requirement: |found '.*', expected: )/, /^unable to parse requirement: /],
  [/^invalid field selector: /, /^invalid field selector: /],
  [/strconv\.Parse(?:Int|Uint): parsing /, /: Invalid value: must be a number$/],
  [/^Request entity too large: /, /^Request entity is too large: /],
  [/^error decoding YAML: /, /^the body of the request is not one document of YAML /],
  [/^failed to create typed patch object /, /^failed to create typed patch object /],
  [
    /^invalid object type: /,
    /^(?:what is applied must have an apiVersion and a kind|the API version in the data does not match )/,
  ],
  // Which operation failed is told here.
  [
    /^the server rejected our request due to an error in our request$/,
    /^the server rejected our request due to an error in our request: /,
  ],
  // It lists media types that are not served here, or none.
  [
    /^(?:only the following media types are accepted|406: Not Acceptable\n\nAvailable representations): /,
    /^only the following media types are accepted: /,
  ],
  [
    /^415: Unsupported Media Type$/,
    /^the body of the request was in an unknown format - accepted media types include: /,
  ],
]

/** Whether a refusal has the same meaning in different words. */
export function isSaidInOtherWords({ there, here }: Difference): boolean {
  return (
    typeof there === 'string' &&
    typeof here === 'string' &&
    WORDS.some(([said, says]) => said.test(there) && says.test(here))
  )
}
