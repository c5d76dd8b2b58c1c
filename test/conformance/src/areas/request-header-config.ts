import { ConfigurationError } from '@kube-authn/core'
import {
  mergeRequestHeaderConfig,
  NO_REQUEST_HEADER_CONFIG,
  parseRequestHeaderConfig,
  type RequestHeaderConfig,
} from '@kube-authn/core/client-certificate'
import type { Certificates } from '../certificates.ts'
import { DEVIATES_AS_DOCUMENTED, type UnitRunner } from '../vector.ts'
import { reading } from '../reading.ts'

type Data = Readonly<Record<string, string>>

const DATA =
  'requestheader-username-headers requestheader-uid-headers requestheader-group-headers requestheader-extra-headers-prefix requestheader-allowed-names requestheader-client-ca-file client-ca-file'

/** The own settings of a publishing server in a vector. */
interface Own {
  readonly username_headers?: readonly string[]
  readonly uid_headers?: readonly string[]
  readonly group_headers?: readonly string[]
  readonly extra_prefixes?: readonly string[]
  readonly allowed_names?: readonly string[]
  readonly ca?: string
  readonly client_ca?: string
}

/** Area F: the ConfigMap that describes the front proxy. */
export function requestHeaderConfig(certificates: Certificates): Readonly<Record<string, UnitRunner>> {
  const pemOf = (text: string): string =>
    text.replaceAll(/@([\w-]+)/g, (reference, name: string) => certificates[name]?.pem ?? reference)
  const resolved = (data: Data): Data =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, value.startsWith('@') ? pemOf(value) : value]),
    )

  return {
    'request-header.configmap': reading(
      {
        given: ['', { updates: DATA }],
        expect: [
          'errors',
          { config: 'username_headers uid_headers group_headers extra_prefixes allowed_names' },
        ],
      },
      async ({ given }) => {
        let config = NO_REQUEST_HEADER_CONFIG
        const errors = (given['updates'] as readonly (Data | null)[]).map((data) => {
          // A missing ConfigMap is not an error and changes nothing.
          if (data === null) return false
          try {
            config = parseRequestHeaderConfig(resolved(data))
            return false
          } catch (error) {
            if (error instanceof ConfigurationError) return true
            throw error
          }
        })
        const isTrimmed = Object.values(vectorConfigOf(config))
          .flat()
          .every((name) => name.trim() === name)
        if (given.deviation === 'L.5' && isTrimmed) return DEVIATES_AS_DOCUMENTED
        return { errors, config: vectorConfigOf(config) }
      },
    ),

    'request-header.configmap.publish': reading(
      {
        given: [
          '',
          {
            existing: DATA,
            own: 'username_headers uid_headers group_headers extra_prefixes allowed_names ca client_ca',
          },
        ],
        expect: `${DATA} ca_count client_ca_count`,
      },
      async ({ given }) => {
        const own = given['own'] as Own
        const data = mergeRequestHeaderConfig(resolved(given['existing'] as Data), {
          usernameHeaders: own.username_headers ?? [],
          uidHeaders: own.uid_headers ?? [],
          groupHeaders: own.group_headers ?? [],
          extraHeaderPrefixes: own.extra_prefixes ?? [],
          allowedNames: own.allowed_names ?? [],
          ...(own.ca !== undefined && { requestHeaderClientCA: pemOf(own.ca) }),
          ...(own.client_ca !== undefined && { clientCA: pemOf(own.client_ca) }),
        })
        return {
          ...data,
          ca_count: countOf(data['requestheader-client-ca-file']),
          client_ca_count: countOf(data['client-ca-file']),
        }
      },
    ),
  }
}

function vectorConfigOf(config: RequestHeaderConfig): Readonly<Record<string, readonly string[]>> {
  return {
    username_headers: config.usernameHeaders,
    uid_headers: config.uidHeaders,
    group_headers: config.groupHeaders,
    extra_prefixes: config.extraHeaderPrefixes,
    allowed_names: config.allowedNames,
  }
}

function countOf(pem: string | undefined): number {
  return pem?.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0
}
