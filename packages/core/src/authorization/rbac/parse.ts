import { errorList } from '../../internal/field/errors.ts'
import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import { fieldPath } from '../../internal/field/path.ts'
import {
  aString,
  type Check,
  either,
  listOf,
  must,
  nested,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  required,
} from '../../internal/options/index.ts'
import { documentSteps, type YamlLimits, yamlLimitsShape } from '../../internal/yaml/yaml-documents.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import type { TextParts } from '../../internal/yaml/split-documents.ts'
import { adviceOn, keyOf, objectText, type RbacAdvice } from './advice.ts'
import { decodeObject, isForeign } from './decode.ts'
import { itemReader, listed } from './listed.ts'
import type { RbacObject, RbacPolicy } from './objects.ts'
import { objectReader, outcomesIn } from './outcomes.ts'

/** Roles and bindings in YAML or JSON, usually from a file. */
export interface RbacSource {
  /** The name of the source in errors, usually a path. */
  readonly name: string
  readonly text: string
}

const sourceShape: OptionsShape<RbacSource> = { name: required(aString), text: required(aString) }
const aSource = nested(sourceShape)
const aTextOrSources: Check = either(
  Array.isArray,
  listOf(aSource),
  either(
    (value) => typeof value === 'object' && value !== null,
    aSource,
    must(
      'must be a YAML string, or one or more objects with a name and a text',
      (value) => typeof value === 'string',
    ),
  ),
)

/** Options of {@link parseRbac}. */
export interface ParseRbacOptions extends YamlLimits {
  /** The namespace of roles and role bindings without one, like the context or `-n` of `kubectl apply`. Default: objects must have a namespace. */
  readonly namespace?: string
}

const shape: OptionsShape<ParseRbacOptions> = { ...yamlLimitsShape, namespace: aString }

/** A validated policy, with advice about probable mistakes in it. */
export interface ParsedRbacPolicy extends RbacPolicy {
  readonly advice: readonly RbacAdvice[]
}

/**
 * Reads roles and bindings from YAML or JSON: one object, several documents, or lists, in one or more strings. It accepts the files that
 * `kubectl apply` accepts; objects of other APIs are ignored, with an `advice`.
 *
 * All objects must be valid by the rules of the API server, otherwise it throws.
 *
 * Source: kubernetes `pkg/apis/rbac/validation/validation.go`.
 *
 * Deviation: an unknown field and a repeated object are errors (`docs/deviations.md`, unknown fields of manifests).
 *
 * @throws {ConfigurationError} with all problems, which are `FieldError`s.
 * @example
 * const policy = parseRbac(await readFile('rbac.yaml', 'utf8'))
 * for (const { path, message } of policy.advice) console.warn(`${path}: ${message}`)
 * const authorizer = rbac(policy)
 */
export function parseRbac(
  sources: string | RbacSource | readonly RbacSource[],
  options: ParseRbacOptions = {},
): ParsedRbacPolicy {
  refuseProblems(aTextOrSources(sources, 'sources'), optionProblems(shape, options))
  const all = typeof sources === 'string' ? [{ name: 'rbac', text: sources }] : [sources].flat()
  const inParts = all.map(({ name, text }) => ({ name, parts: [text] }))
  return finish(stepsOf(inParts, options))
}

/** An {@link RbacSource} of which the text may be in parts. */
export interface RbacParts {
  readonly name: string
  /** All but the first begin with a line of `---`. */
  readonly parts: TextParts
}

const partsShape: OptionsShape<RbacParts> = { name: required(aString), parts: required(listOf(aString)) }
const someParts = listOf(nested(partsShape))

/**
 * The same in steps of a few milliseconds, so that a large policy does not block the event loop. A document that is not plain YAML is parsed
 * in one step.
 *
 * @throws {ConfigurationError} when an option is invalid; a step throws the same errors as `parseRbac`.
 */
export function parseRbacSteps(
  sources: readonly RbacParts[],
  options: ParseRbacOptions = {},
): Steps<ParsedRbacPolicy> {
  refuseProblems(someParts(sources, 'sources'), optionProblems(shape, options))
  return stepsOf(sources, options)
}

function* stepsOf(sources: readonly RbacParts[], options: ParseRbacOptions): Steps<ParsedRbacPolicy> {
  const errors = errorList()
  const { namespace, ...limits } = options
  if (namespace !== undefined) {
    for (const problem of dns1123LabelProblems(namespace))
      errors.invalid(fieldPath('namespace'), namespace, problem)
  }
  const objects: RbacObject[] = []
  const advice: RbacAdvice[] = []
  const seen = new Set<string>()
  const read = objectReader(namespace)

  for (const { name, parts } of sources) {
    let position = -1
    for (const document of documentSteps(parts, name, limits, (head) => itemReader(head, read))) {
      if (document === undefined) {
        yield
        continue
      }
      for (const outcome of outcomesIn(document.value, read)) {
        if (++position % OBJECTS_IN_A_STEP === OBJECTS_IN_A_STEP - 1) yield
        const isDoubtful = 'errors' in outcome
        const object = isDoubtful ? outcome.object : outcome
        let isRepeated = false
        if (object !== undefined) {
          objects.push(object)
          isRepeated = seen.size === seen.add(keyOf(object)).size
        }
        if (!isDoubtful && !isRepeated) continue
        const place = `${name}[${position}]`
        const problems = isDoubtful ? outcome.errors : errorList()
        if (isRepeated) problems.duplicate(METADATA_NAME, object?.name)
        if (isDoubtful) advice.push(...outcome.adviceAt(place))
        if (problems.errors.length === 0) continue
        errors.addAll(problems.errors, (isDoubtful ? outcome.name : objectText(outcome)) ?? place)
      }
    }
  }
  errors.throwIfAny()
  return { objects, advice: [...advice, ...(yield* adviceOn(objects))] }
}

const OBJECTS_IN_A_STEP = 128
const METADATA_NAME = fieldPath('metadata', 'name')

/**
 * A policy of objects that are already validated, such as those from a Kubernetes API. Types and fields must be correct; values are not
 * validated, and a meaningless value grants nothing.
 *
 * @throws {ConfigurationError} with all problems, which are `FieldError`s.
 */
export function rbacPolicy(objects: readonly unknown[]): RbacPolicy {
  const errors = errorList()
  const decoded: RbacObject[] = []
  let found = errorList()
  let position = -1
  for (const value of listed(objects)) {
    position++
    const object = decodeObject(value, found)
    if (object !== undefined && !isForeign(object)) decoded.push(object)
    if (found.errors.length === 0) continue
    errors.addAll(found.errors, `objects[${position}]`)
    found = errorList()
  }
  errors.throwIfAny()
  return { objects: decoded }
}
