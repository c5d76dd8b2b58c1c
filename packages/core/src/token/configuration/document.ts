import { ConfigurationError, isConfigurationError } from '../../authenticator/errors.ts'
import { type ErrorList, errorList } from '../../internal/field/errors.ts'
import { fieldPath } from '../../internal/field/path.ts'
import { type ObjectReader, readObject } from '../../internal/field/reader.ts'
import { shownName } from '../../internal/field/shown-name.ts'
import { quoted } from '@kube-authn/internal/quote'
import { yamlDocument, type YamlLimits } from '../../internal/yaml/yaml-documents.ts'

const GROUP = 'apiserver.config.k8s.io'
const API_VERSIONS = new Set(['v1', 'v1beta1', 'v1alpha1'].map((version) => `${GROUP}/${version}`))

export interface ConfigurationDocument {
  readonly text: string
  /** The name of the document in errors, usually a path. */
  readonly source: string
  readonly kind: string
  /** The error message for a document without any value. */
  readonly emptyMessage: string
  readonly limits: YamlLimits
}

/**
 * Reads a kube-apiserver configuration from YAML or JSON, strictly: unknown fields, duplicate fields and wrong types are errors.
 *
 * Source: apimachinery `pkg/runtime/serializer` with EnableStrict.
 *
 * @throws {ConfigurationError} with all problems.
 */
export function readConfigurationDocument<T>(
  { text, source, kind, emptyMessage, limits }: ConfigurationDocument,
  read: (reader: ObjectReader, errors: ErrorList) => T,
): T {
  const value = strictly(() => yamlDocument(text, source, limits))
  if (value === undefined) throw problem(source, emptyMessage)
  // Hide values: one may be a misplaced password.
  const errors = errorList({ hideValues: true })
  const reader = readObject(value, fieldPath(), errors)
  if (reader === undefined) throw problem(source, 'must be an object')
  requireKind(reader, kind, source)
  const configuration = read(reader, errors)
  reader.end()
  if (errors.errors.length > 0) {
    throw new ConfigurationError(
      errors.errors.map(({ type, field, message }) => ({
        path: `${source}: ${field}`,
        message: type === 'Unknown' ? `strict decoding error: unknown field ${quoted(field)}` : message,
      })),
    )
  }
  return configuration
}

/** Reports duplicate fields like unknown fields, but without the name: the parser never shows the content. */
function strictly<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(
      error.problems.map(({ path, message }) => {
        const isRepeated = message.startsWith('Map keys must be unique')
        return { path, message: isRepeated ? `strict decoding error: ${message}` : message }
      }),
    )
  }
}

function requireKind(reader: ObjectReader, expected: string, source: string): void {
  const apiVersion = reader.string('apiVersion')
  const kind = reader.string('kind')
  if (kind === '') throw problem(source, "Object 'Kind' is missing")
  if (apiVersion === '') throw problem(source, "Object 'apiVersion' is missing")
  if (kind !== expected || !API_VERSIONS.has(apiVersion)) {
    throw problem(
      source,
      `no kind ${quoted(shownName(kind))} is registered for version ${quoted(shownName(apiVersion))}: must be an ${expected} of ${[...API_VERSIONS].join(', ')}`,
    )
  }
}

function problem(path: string, message: string): ConfigurationError {
  return new ConfigurationError([{ path, message }])
}
