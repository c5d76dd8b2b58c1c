import { errorList, fieldPath } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { readKubeObject } from '../registry/read-kube-object.ts'
import { allResources } from '../registry/resources/index.ts'
import { DESCRIPTIONS } from './descriptions.ts'
import { type Field, type ObjectType, parseTypes, type Scalar } from '@kube-authn/api/internal'
import { objectTypeOf } from './object-types.ts'
import { readTyped } from './read-typed.ts'

const VALUES: Readonly<Record<Scalar, unknown>> = {
  string: 'x',
  bool: true,
  int32: 1,
  int64: 2 ** 40,
  bytes: 'eA==',
  Time: '2026-01-01T00:00:00Z',
  MicroTime: '2026-01-01T00:00:00.000001Z',
  Quantity: '1Gi',
  IntOrString: 'http',
  ExtraValue: ['x'],
  FieldsV1: { 'f:x': {} },
}

function typeOf(kind: string): ObjectType {
  const type = objectTypeOf(kind)
  if (type === undefined) throw new Error(`${kind} is not declared`)
  return type
}

/** An object with all fields of its type. */
function sampleOf(type: ObjectType): object {
  return Object.fromEntries([...type.fields.values()].map((field) => [field.name, sampleOfField(field)]))
}

function sampleOfField({ type, many }: Field): unknown {
  const one = typeof type === 'string' ? VALUES[type] : sampleOf(type)
  return many === 'list' ? [one] : many === 'map' ? { key: one } : one
}

function typesIn(type: ObjectType, found = new Set<ObjectType>()): ReadonlySet<ObjectType> {
  if (found.has(type)) return found
  found.add(type)
  for (const field of type.ownFields) if (typeof field.type !== 'string') typesIn(field.type, found)
  return found
}

/** The fields that have fields, and an object with an unknown one in each. */
function nestedFields(kind: string): readonly (readonly [string, object])[] {
  const whole = sampleOf(typeOf(kind))
  return [...typeOf(kind).fields.values()].flatMap(({ name, type, many }) => {
    if (typeof type === 'string') return []
    const wrong = { ...sampleOf(type), other: 1 }
    return [[name, { ...whole, [name]: many === 'list' ? [wrong] : wrong }] as const]
  })
}

describe.each(allResources.map((resource) => [resource.kind, resource] as const))(
  'the type %s',
  (kind, resource) => {
    it('has just the fields that are read', () => {
      const { errors } = readKubeObject(sampleOf(typeOf(kind)), resource)
      expect(errors.errors.map(({ field, type }) => `${field} ${type}`)).toEqual([])
    })

    it.each(nestedFields(kind))('has no other fields in %s', (name, wrong) => {
      const { errors } = readKubeObject(wrong, resource)
      expect(errors.errors.map(({ field, type }) => [field.replace('[0]', ''), type])).toEqual([
        [`${name}.other`, 'Unknown'],
      ])
    })

    it('has a number for each field, and keys that exist', () => {
      for (const type of typesIn(typeOf(kind))) {
        const numbers = type.ownFields.map(({ number }) => number)
        expect([type.name, new Set(numbers).size]).toEqual([type.name, numbers.length])
        for (const field of type.ownFields) {
          const keys = [...field.listKeys, ...(field.mergeKey === undefined ? [] : [field.mergeKey])]
          const known = typeof field.type === 'string' ? [] : [...field.type.fields.keys()]
          expect([type.name, field.name, keys.filter((key) => !known.includes(key))]).toEqual([
            type.name,
            field.name,
            [],
          ])
        }
      }
    })
  },
)

describe('types', () => {
  it('are described by what they have', () => {
    const unknown = [...DESCRIPTIONS.keys()].filter((key) => {
      const [name = '', field] = key.split('.')
      const type = objectTypeOf(name)
      return type === undefined || (field !== undefined && !type.fields.has(field))
    })
    expect(unknown).toEqual([])
  })

  it('are declared with all that Kubernetes says of lists', () => {
    const { fields } =
      parseTypes([
        {
          in: 'x',
          types:
            '\nA atomic: a 1 [B]! by(k l) retainKeys, b 2 {int32} atomic,\n  c 3 string?, d 4 [string] merge set\nB: k 1 string, l 2 string\n',
        },
      ]).get('A') ?? typeOf('none')
    const [a, b, c, d] = [...fields.values()]
    expect(a).toMatchObject({
      many: 'list',
      isRequired: true,
      isMerged: true,
      mergeKey: 'k',
      listKeys: ['k', 'l'],
      retainsKeys: true,
    })
    expect(b).toMatchObject({ many: 'map', type: 'int32', isAtomic: true })
    expect(c).toMatchObject({ isNullable: true, isRequired: false })
    expect(d).toMatchObject({ isMerged: true, isSet: true, listKeys: [] })
  })

  it.each(['A: a 1', 'A: a 1 X', 'A: a x string', 'A: a 1 string,'])(
    'that are malformed are refused: %j',
    (types) => {
      expect(() => parseTypes([{ in: 'x', types }])).toThrow('malformed')
    },
  )
})

describe('what readTyped keeps', () => {
  it.each<[string, unknown, unknown]>([
    ['a time in UTC and whole seconds', '2027-01-15T10:00:30.5+02:00', '2027-01-15T08:00:30Z'],
    ["Go's time that is none as absent", '0001-01-01T00:00:00Z', undefined],
    ['null as absent', null, undefined],
  ])('is %s', (_, sent, kept) => {
    const errors = errorList()
    const type = typeOf('CertificateSigningRequestStatus')
    const read = readTyped({ conditions: [{ lastUpdateTime: sent }] }, type, fieldPath('status'), errors)
    expect(read).toStrictEqual({ conditions: [kept === undefined ? {} : { lastUpdateTime: kept }] })
    expect(errors.errors).toEqual([])
  })

  it.each<[string, string | undefined]>([
    ['2026-01-01T01:00:00.123456+01:00', '2026-01-01T00:00:00.123456Z'],
    ['2026-01-01T9:00:00,000001Z', '2026-01-01T09:00:00.000001Z'],
    ['0001-01-01T00:00:00.000000Z', undefined],
  ])('is a time with six decimals in UTC: %s', (sent, kept) => {
    const errors = errorList()
    const read = readTyped({ renewTime: sent }, typeOf('LeaseSpec'), fieldPath('spec'), errors)
    expect([read, errors.errors]).toStrictEqual([kept === undefined ? {} : { renewTime: kept }, []])
  })

  it('is base64 without line breaks', () => {
    const errors = errorList()
    const type = typeOf('CertificateSigningRequestSpec')
    const read = readTyped({ request: 'YW\r\nJj\n' }, type, fieldPath('spec'), errors)
    expect([read, errors.errors]).toEqual([{ request: 'YWJj' }, []])
  })
})

describe('a time with six decimals', () => {
  const LAYOUT = '2006-01-02T15:04:05.000000Z07:00'
  it.each([
    ['2026-01-01T00:00:00Z', 'cannot parse "Z" as ".000000"'],
    ['2026-01-01T00:00:00.123Z', 'cannot parse ".123Z" as ".000000"'],
    ['2026-01-01T00:00:00.123456789Z', 'cannot parse "789Z" as "Z07:00"'],
    ['2026-01-01T00:00:00.123456', 'cannot parse "" as "Z07:00"'],
    ['2026-01-01T00:00:00.123456Z ', 'cannot parse "Z " as "Z07:00"'],
    ['2026-02-30T00:00:00.123456Z', 'a part is out of range'],
    ['x', 'cannot parse "x" as "2006"'],
    ['', 'cannot parse "" as "2006"'],
  ])('is not %j', (sent, why) => {
    const errors = errorList({ hideValues: true })
    readTyped({ renewTime: sent }, typeOf('LeaseSpec'), fieldPath('spec'), errors)
    expect(errors.toString()).toBe(
      `spec.renewTime: Invalid value: parsing time "${sent}" as "${LAYOUT}": ${why}`,
    )
  })

  it.each([1, {}, true, 'x'.repeat(1000)])('is not %j, and little of it is repeated', (sent) => {
    const errors = errorList({ hideValues: true })
    readTyped({ renewTime: sent }, typeOf('LeaseSpec'), fieldPath('spec'), errors)
    expect([errors.errors.length, errors.toString().length < 250]).toEqual([1, true])
  })
})

describe('readTyped', () => {
  const read = (value: unknown): readonly string[] => {
    const errors = errorList({ hideValues: true })
    readTyped(value, typeOf('PodSpec'), fieldPath('spec'), errors)
    return errors.errors.map(({ field, message }) => `${field} ${message}`)
  }
  const container = (fields: object) => ({ containers: [fields] })

  it.each<[unknown, string]>([
    [[], 'spec Invalid value: must be an object'],
    [{ priority: 2 ** 31 }, 'spec.priority Invalid value: must be an integer'],
    [{ priority: 1.5 }, 'spec.priority Invalid value: must be an integer'],
    [{ priority: '1' }, 'spec.priority Invalid value: must be an integer'],
    [{ hostNetwork: 'true' }, 'spec.hostNetwork Invalid value: must be true or false'],
    [{ containers: {} }, 'spec.containers Invalid value: must be a list of values'],
    [{ nodeSelector: [] }, 'spec.nodeSelector Invalid value: must be an object'],
    [{ nodeSelector: { a: 1 } }, 'spec.nodeSelector[a] Invalid value: must be a string'],
    [
      container({ resources: { limits: { cpu: 'x' } } }),
      'spec.containers[0].resources.limits[cpu] Invalid value: must be a quantity, such as 500m or 1Gi',
    ],
    [
      container({ livenessProbe: { httpGet: { port: true } } }),
      'spec.containers[0].livenessProbe.httpGet.port Invalid value: must be a number or a string',
    ],
    [{ 'a b': 1 }, 'spec.? Unknown field'],
    [JSON.parse('{"__proto__":{}}'), 'spec.__proto__ Unknown field'],
  ])('refuses %j', (value, error) => {
    expect(read(value)).toEqual([error])
  })

  it.each([
    { priority: -(2 ** 31), hostNetwork: false, containers: [], nodeSelector: null },
    container({ resources: { limits: { cpu: 2, memory: '1.5Gi', x: '1e3', y: '-.5' } } }),
    container({ livenessProbe: { httpGet: { port: 80 } } }),
  ])('takes %j', (value) => {
    expect(read(value)).toEqual([])
  })
})
