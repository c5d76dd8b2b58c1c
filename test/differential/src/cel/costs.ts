import type { CelCompilerOptions, KubernetesVersion } from '@kube-authn/cel/kubernetes'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

interface Outcome {
  readonly cost: number
  readonly error?: string
}
type Compiled =
  | { readonly stage: string }
  | { readonly type: string; evaluate(value: () => unknown): Outcome }

/** What of `packages/cel/src/kubernetes/environment.ts` is used: no entry of the package exports costs. */
interface Sources {
  kubernetesEngine(
    variable: string,
    options: Required<CelCompilerOptions>,
  ): { compile(expr: string): Compiled }
  readonly VARIABLES: Readonly<Record<string, { valueOf(input: unknown): unknown }>>
  printedType(type: unknown): string
}

type CostOf = (
  variable: string,
  expr: string,
  input: Readonly<Record<string, unknown>>,
) => Partial<Outcome> & { readonly type?: string }

/** The static types and costs of expressions that compile. */
export async function costs(kubernetesVersion: KubernetesVersion): Promise<CostOf> {
  const cwd = fileURLToPath(new URL('../../../../packages/cel/src/', import.meta.url))
  const source = `${cwd}sources.ts`
  const code = "export * from './kubernetes/environment.ts'\nexport { printedType } from './check/types.ts'\n"
  const bundle = await rolldown({
    cwd,
    input: source,
    platform: 'node',
    plugins: [
      {
        name: 'sources',
        resolveId: (id) => (id === source ? id : undefined),
        load: (id) => (id === source ? code : undefined),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false })
  await bundle.close()
  const { kubernetesEngine, VARIABLES, printedType } = (await import(
    `data:text/javascript,${encodeURIComponent(output[0].code)}`
  )) as Sources
  const engines = new Map<string, ReturnType<typeof kubernetesEngine>>()
  return (variable, expr, input) => {
    const engine =
      engines.get(variable) ?? kubernetesEngine(variable, { asKubeApiserver: false, kubernetesVersion })
    engines.set(variable, engine)
    const compiled = engine.compile(expr)
    if ('stage' in compiled) return {}
    return {
      type: printedType(compiled.type),
      ...compiled.evaluate(() => VARIABLES[variable]?.valueOf(input)),
    }
  }
}
