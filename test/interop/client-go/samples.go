package main

import (
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// sample is a valid object of a kind.
func sample(kind string) runtime.Object {
	metadata := metav1.ObjectMeta{Name: "sample-" + strings.ToLower(kind), Annotations: map[string]string{"a": "ü"}}
	micro := metav1.NewMicroTime(time.UnixMicro(1_700_000_000_123_456))
	second := metav1.Unix(1_700_000_000, 0)
	text, number, yes := "s", int32(3), true
	rules := []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"a"}}}
	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "jane"}}
	switch kind {
	case "ConfigMap":
		return &corev1.ConfigMap{ObjectMeta: metadata, Data: map[string]string{"a": "b"}, BinaryData: map[string][]byte{"c": {0, 255}}, Immutable: &yes}
	case "Secret":
		return &corev1.Secret{ObjectMeta: metadata, Type: corev1.SecretTypeOpaque, Data: map[string][]byte{"a": {0, 255}}}
	case "ServiceAccount":
		return &corev1.ServiceAccount{ObjectMeta: metadata, AutomountServiceAccountToken: &yes, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "a"}}}
	case "Namespace":
		return &corev1.Namespace{ObjectMeta: metadata}
	case "Node":
		return &corev1.Node{ObjectMeta: metadata, Spec: corev1.NodeSpec{PodCIDR: "10.0.0.0/24", Taints: []corev1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule}}}}
	case "Pod":
		return &corev1.Pod{ObjectMeta: metadata, Spec: corev1.PodSpec{ServiceAccountName: "default", DeprecatedServiceAccount: "default", Containers: []corev1.Container{{Name: "c", Image: "i",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}}}}}}
	case "Service":
		return &corev1.Service{ObjectMeta: metadata, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, SessionAffinity: corev1.ServiceAffinityNone,
			Ports: []corev1.ServicePort{{Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("http")}}}}
	case "Event":
		return &corev1.Event{ObjectMeta: metadata, InvolvedObject: corev1.ObjectReference{Kind: "ConfigMap", Namespace: namespace, Name: "a"}, Type: "Normal", Reason: "Tested",
			Action: "test", ReportingController: "a.b/c", ReportingInstance: "i", FirstTimestamp: second, EventTime: micro, Series: &corev1.EventSeries{Count: 2, LastObservedTime: micro}}
	case "Lease":
		return &coordinationv1.Lease{ObjectMeta: metadata, Spec: coordinationv1.LeaseSpec{HolderIdentity: &text, LeaseDurationSeconds: &number, LeaseTransitions: &number, AcquireTime: &micro, RenewTime: &micro}}
	case "Role":
		return &rbacv1.Role{ObjectMeta: metadata, Rules: rules}
	case "ClusterRole":
		return &rbacv1.ClusterRole{ObjectMeta: metadata, Rules: rules}
	case "RoleBinding":
		return &rbacv1.RoleBinding{ObjectMeta: metadata, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "a"}, Subjects: subjects}
	case "ClusterRoleBinding":
		return &rbacv1.ClusterRoleBinding{ObjectMeta: metadata, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "a"}, Subjects: subjects}
	case "CertificateSigningRequest":
		request, _ := newRequest()
		return &certificatesv1.CertificateSigningRequest{ObjectMeta: metadata, Spec: certificatesv1.CertificateSigningRequestSpec{Request: request,
			SignerName: "a.b/c", ExpirationSeconds: &[]int32{3600}[0], Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}}}
	}
	panic("there is no sample of " + kind)
}
