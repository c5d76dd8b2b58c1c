import type { Grant } from './grant.ts'
import type { PolicyRule } from './objects.ts'
import type { RuleQuestion } from './rule.ts'

/**
 * Finds the grants whose rules may match a request: by verb and resource, or by name and resource if a rule has resource names. It finds
 * every grant that matches, and may find others, so the caller must still check the rules.
 */
export class RuleIndex {
  readonly #grants = new Map<string, Grant[]>()

  constructor(grants: readonly Grant[]) {
    for (const grant of grants) {
      if (typeof grant.rules === 'string') continue
      for (const rule of grant.rules) for (const key of keysOfRule(rule)) this.#add(key, grant)
    }
  }

  /** Lists of grants, each in the original order. */
  candidates(question: RuleQuestion): readonly (readonly Grant[])[] {
    const lists: Grant[][] = []
    for (const key of keysOfQuestion(question)) {
      const list = this.#grants.get(key)
      if (list !== undefined) lists.push(list)
    }
    return lists
  }

  #add(key: string, grant: Grant): void {
    const list = this.#grants.get(key)
    if (list === undefined) this.#grants.set(key, [grant])
    else if (list.at(-1) !== grant) list.push(grant)
  }
}

function keysOfRule({ verbs, resources, resourceNames, nonResourceURLs }: PolicyRule): readonly string[] {
  const [first, of] = resourceNames.length === 0 ? [verbs, VERB] : [resourceNames, NAME]
  return [
    ...first.flatMap((each) => resources.map((resource) => keyOf(of, each, resource))),
    ...(nonResourceURLs.length === 0 ? [] : verbs.map((verb) => keyOf(URL, verb, ''))),
  ]
}

function keysOfQuestion({
  verb,
  resourceRequest,
  resource,
  subresource,
  name,
}: RuleQuestion): readonly string[] {
  if (!resourceRequest) return [keyOf(URL, verb, ''), keyOf(URL, '*', '')]
  const resources =
    subresource === '' ? ['*', resource] : ['*', `${resource}/${subresource}`, `*/${subresource}`]
  return resources.flatMap((each) => [
    keyOf(VERB, verb, each),
    keyOf(VERB, '*', each),
    keyOf(NAME, name, each),
  ])
}

const [VERB, NAME, URL] = ['v', 'n', 'u']

/** Different inputs may have the same key, which only adds candidates. */
function keyOf(of: string, first: string, resource: string): string {
  return `${of}${first} ${resource}`
}
