export {
  type CelAccessRequest,
  CelCompileError,
  type CelCompiler,
  type CelCompilerOptions,
  CelEvaluationError,
  type CelInputs,
  type CelOpaque,
  type CelProgram,
  type CelValue,
  type CelVariable,
} from './cel.ts'
export { celCompiler } from './compiler.ts'
export type { KubernetesVersion } from '@kube-authn/internal/kubernetes-version'
