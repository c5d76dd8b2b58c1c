import type { Provider } from './provider.ts'

const cart = { name: 'cart', uid: '32cb5dc4-9a5c-4b5a-8e4f-0c6a1d2b3e4f' }
const pod = { name: 'cart-0', uid: '5c0a1b2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d' }

export const eks: Provider = {
  file: 'eks',
  issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE',
  claims: {
    aud: ['my-app'],
    sub: 'system:serviceaccount:shop:cart',
    'kubernetes.io': {
      namespace: 'shop',
      node: { name: 'ip-10-0-0-1.eu-central-1.compute.internal', uid: 'n' },
      pod,
      serviceaccount: cart,
    },
  },
  user: {
    username: 'eks-prod:shop:cart',
    uid: cart.uid,
    groups: ['eks-prod:serviceaccounts', 'eks-prod:serviceaccounts:shop'],
    extra: { 'example.com/pod': ['cart-0'] },
  },
  alsoAccepted: [['a token with the audience of AWS too', { aud: ['sts.amazonaws.com', 'my-app'] }, {}]],
  refused: [
    ['a token for IAM (IRSA)', { aud: ['sts.amazonaws.com'] }, /expected audience/],
    ['a token for EKS Pod Identity', { aud: ['pods.eks.amazonaws.com'] }, /expected audience/],
    ['a token for the cluster itself', { aud: ['https://kubernetes.default.svc'] }, /expected audience/],
    [
      'another namespace',
      { 'kubernetes.io': { namespace: 'playground', pod, serviceaccount: cart } },
      /the namespace is not accepted/,
    ],
    [
      'a token that was requested for no pod',
      { 'kubernetes.io': { namespace: 'shop', serviceaccount: cart } },
      /not bound to a pod/,
    ],
    [
      'a token without the claims of a cluster',
      { 'kubernetes.io': undefined },
      /no such key: kubernetes\.io/,
    ],
  ],
}
