import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { AuthenticationError } from '../../authenticator/errors.ts'
import { clientCertChain } from './client-cert.ts'
import { parseDistinguishedName } from './distinguished-name.ts'
import { parseForwardedClientCert } from './forwarded-client-cert.ts'
import { certificatesOfEscapedPem } from './escaped-pem.ts'

/** Near enough to what the parsers take to get past their first lines. */
const near = (...parts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...parts) }, fc.string({ maxLength: 5 })), {
      maxLength: 30,
    })
    .map((each) => each.join(''))

const pemParts = [
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
  '%0A',
  '\n',
  '%',
  '%2B',
  'MAA',
  '=',
  'MAAA',
  ' ',
]
const parsers: readonly {
  readonly name: string
  readonly parse: (value: string) => unknown
  readonly values: fc.Arbitrary<string>
  /** Long values that make careless parsers slow. */
  readonly long: readonly string[]
}[] = [
  {
    name: 'Client-Cert',
    parse: (value) => clientCertChain(value, ''),
    values: near(':', 'MAA=', 'MAAA', '=', ' ', ',', ';a=1'),
    long: [
      ':'.repeat(1e6),
      ' '.repeat(1e6),
      `:${' '.repeat(999_998)}:`,
      `:${'A'.repeat(999_998)}:`,
      `:${'='.repeat(999_998)}:`,
    ],
  },
  {
    name: 'Client-Cert-Chain',
    parse: (value) => clientCertChain(':MAA=:', value),
    values: near(':', ':MAA=:', 'MAA=', ',', ' ', '\t'),
    long: [
      ','.repeat(1e6),
      ':MAA=:,'.repeat(1e5),
      '\t '.repeat(5e5),
      `${' '.repeat(5e5)}x${' '.repeat(4e5)}`,
    ],
  },
  {
    name: 'percent-encoded PEM',
    parse: (value) => certificatesOfEscapedPem('ssl-client-cert', value),
    values: near(...pemParts, ...pemParts.map(encodeURIComponent)),
    long: [
      '%41'.repeat(3e5),
      '-----BEGIN%20CERTIFICATE-----%0A'.repeat(3e4),
      '-----END%20CERTIFICATE-----'.repeat(3e4),
    ],
  },
  {
    name: 'X-Forwarded-Client-Cert',
    parse: parseForwardedClientCert,
    values: near('By=', 'Cert=', '"', '\\"', '\\', ';', ',', 'a', ' ', '='),
    long: [
      'a=;'.repeat(3e5),
      'a=,'.repeat(3e5),
      `a="${'\\"'.repeat(5e5)}`,
      `a="${'\\'.repeat(1e6)}"`,
      '"'.repeat(1e6),
      'a'.repeat(1e6),
    ],
  },
  {
    name: 'a distinguished name',
    parse: parseDistinguishedName,
    values: near(
      'CN=',
      'O=',
      '1.2.3=',
      '#',
      '#0C',
      '\\',
      '\\,',
      '\\C3\\A4',
      '\\C3',
      ',',
      '+',
      ' ',
      'ä',
      '"',
      '\uD800',
    ),
    long: [
      'a'.repeat(1e6),
      'A=,'.repeat(2730),
      `A=${'\\'.repeat(8189)}`,
      `A=${'\\ '.repeat(4095)}`,
      `${'1.'.repeat(4096)}=`,
    ],
  },
]

describe.each(parsers)('the parser of $name', ({ parse, values, long }) => {
  it('takes a value or rejects it, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(values, fc.string({ unit: 'binary', maxLength: 60 })), (value) => {
        try {
          expect(parse(value) === undefined || Array.isArray(parse(value))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(AuthenticationError)
          expect(error).toMatchObject({ code: 'rejected' })
        }
      }),
      { numRuns: 2000 },
    )
  })

  it.each(long.map((value) => [`${value.slice(0, 12)}...`, value]))(
    'is done soon with a long value: %s',
    (_, value) => {
      const spent = cpuSecondsOf(() => {
        try {
          parse(value)
        } catch (error) {
          expect(error).toBeInstanceOf(AuthenticationError)
        }
      })
      expect(spent).toBeLessThan(1.5)
    },
  )
})

describe('what was written as it should be', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((each) => each.isWellFormed())

  it('is read as an X-Forwarded-Client-Cert', () => {
    const key = fc.constantFrom('by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns')
    // A backslash before a quote cannot be told from an escaped quote: Envoy does not escape backslashes.
    const value = text.filter((each) => !/\\(?:"|$)/.test(each))
    const elements = fc.array(fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(elements, (written) => {
        const header = written
          .map((pairs) => pairs.map(([name, each]) => `${name}="${each.replaceAll('"', '\\"')}"`).join(';'))
          .join(',')
        const read = parseForwardedClientCert(header)
        expect(read).toHaveLength(written.length)
        for (const [index, element] of read.entries()) {
          for (const [name, values] of element) {
            expect(values).toEqual(
              written[index]?.filter(([other]) => other === name).map(([, each]) => each),
            )
          }
        }
      }),
    )
  })

  it('is read as a distinguished name, in the order of the certificate', () => {
    const escape = (value: string): string =>
      value.replaceAll(/["+,;<>\\\0]|^[ #]|(?!^) $/g, (each) => (each === '\0' ? '\\00' : `\\${each}`))
    const attributes = fc.array(fc.tuple(fc.constantFrom('CN', 'O', 'OU', '1.2.3'), text), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(attributes, fc.constantFrom(',', ', ', '+'), (written, separator) => {
        const name = written
          .toReversed()
          .map(([type, value]) => `${type}=${escape(value)}`)
          .join(separator)
        expect(parseDistinguishedName(name)).toEqual(written.map(([type, value]) => ({ type, value })))
      }),
    )
  })
})
