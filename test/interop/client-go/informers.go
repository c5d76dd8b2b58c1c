package main

import (
	"fmt"
	"sort"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"go": "y"}}, Data: data}
}

// toldBy returns what handlers are told, in this order.
func toldBy(informer cache.SharedIndexInformer) <-chan string {
	told := make(chan string, 1000)
	nameOf := func(object any) string { return object.(*corev1.ConfigMap).Name }
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { told <- "add " + nameOf(object) },
		UpdateFunc: func(old, object any) {
			if old.(*corev1.ConfigMap).ResourceVersion != object.(*corev1.ConfigMap).ResourceVersion {
				told <- "update " + nameOf(object)
			}
		},
		DeleteFunc: func(object any) {
			if last, isUnknown := object.(cache.DeletedFinalStateUnknown); isUnknown {
				object = last.Obj
			}
			told <- "delete " + nameOf(object)
		},
	})
	must(err)
	return told
}

// sharedInformers follows config maps, also through a restart of the server, with or without its objects.
func sharedInformers(t *test) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	factory := informers.NewSharedInformerFactoryWithOptions(t.client, 0, informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "go=y" }))
	shared := factory.Core().V1().ConfigMaps()
	told := toldBy(shared.Informer())
	got(maps.Create(t.ctx, configMap("before", nil), metav1.CreateOptions{}))
	factory.Start(t.ctx.Done())
	factory.WaitForCacheSync(t.ctx.Done())
	say("synced", next(t, told))

	created := got(maps.Create(t.ctx, configMap("one", nil), metav1.CreateOptions{}))
	seen := []string{next(t, told)}
	created.Data = map[string]string{"a": "b"}
	updated := got(maps.Update(t.ctx, created, metav1.UpdateOptions{}))
	seen = append(seen, next(t, told))
	// It leaves what is selected.
	updated.Labels = nil
	got(maps.Update(t.ctx, updated, metav1.UpdateOptions{}))
	seen = append(seen, next(t, told))
	say("told", seen)
	same := got(shared.Lister().ConfigMaps(namespace).Get("before"))
	say("cached", same.ResourceVersion == got(maps.Get(t.ctx, "before", metav1.GetOptions{})).ResourceVersion)

	// With its objects, and then without them.
	restarted := func(name string, events int) {
		say("restart", name)
		hear()
		createSoon(t, name)
		again := []string{}
		for range events {
			again = append(again, next(t, told))
		}
		sort.Strings(again)
		say(name, []any{again, len(got(shared.Lister().List(labels.Everything())))})
	}
	restarted("kept", 1)
	restarted("lost", 3)
}

// createSoon creates a config map, also if the connection was lost meanwhile.
func createSoon(t *test, name string) {
	waitFor(t, func() bool {
		_, err := t.client.CoreV1().ConfigMaps(namespace).Create(t.ctx, configMap(name, nil), metav1.CreateOptions{})
		return err == nil
	})
}

// reflectors lists in pages, and as a stream.
func reflectors(t *test) {
	for i := range 12 {
		got(t.client.CoreV1().ConfigMaps(namespace).Create(t.ctx, configMap(fmt.Sprintf("page-%02d", i), nil), metav1.CreateOptions{}))
	}
	for name, isStreamed := range map[string]bool{"pages": false, "stream": true} {
		t.requests.take()
		store := cache.NewStore(cache.MetaNamespaceKeyFunc)
		lists := cache.NewFilteredListWatchFromClient(t.client.CoreV1().RESTClient(), "configmaps", namespace,
			func(options *metav1.ListOptions) { options.LabelSelector = "go=y" })
		reflector := cache.NewReflector(lists, &corev1.ConfigMap{}, store, 0)
		reflector.WatchListPageSize = 5
		reflector.UseWatchList = &isStreamed
		stop := make(chan struct{})
		go reflector.Run(stop)
		last := "end-" + name
		waitFor(t, func() bool { return reflector.LastSyncResourceVersion() != "" })
		got(t.client.CoreV1().ConfigMaps(namespace).Create(t.ctx, configMap(last, nil), metav1.CreateOptions{}))
		waitFor(t, func() bool {
			_, exists, err := store.GetByKey(namespace + "/" + last)
			return err == nil && exists
		})
		close(stop)
		asked := []string{}
		for _, response := range t.requests.take() {
			query := response.Request.URL.Query()
			switch {
			case response.Request.Method != "GET":
			case query.Get("sendInitialEvents") == "true":
				asked = append(asked, "stream")
			case query.Get("watch") == "true":
				asked = append(asked, "watch")
			default:
				asked = append(asked, fmt.Sprint("list ", query.Get("limit"), " ", query.Get("continue") != ""))
			}
		}
		say(name, asked)
		must(t.client.CoreV1().ConfigMaps(namespace).Delete(t.ctx, last, metav1.DeleteOptions{}))
	}
}

// forgotten watches from a version that the server has forgotten meanwhile, as after a long loss of the connection.
func forgotten(t *test) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	got(maps.Create(t.ctx, configMap("gone", nil), metav1.CreateOptions{}))
	lists, watches := 0, 0
	direct := cache.NewListWatchFromClient(t.client.CoreV1().RESTClient(), "configmaps", namespace, fields.Everything())
	direct.DisableChunking = true
	watcher := &cache.ListWatch{
		ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
			lists++
			return direct.List(options)
		},
		WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
			watches++
			if watches == 1 {
				must(maps.Delete(t.ctx, "gone", metav1.DeleteOptions{}))
				for i := range 30 {
					got(maps.Create(t.ctx, configMap("new-"+strconv.Itoa(i), nil), metav1.CreateOptions{}))
				}
			}
			return direct.Watch(options)
		},
	}
	informer := cache.NewSharedIndexInformer(watcher, &corev1.ConfigMap{}, 0, cache.Indexers{})
	told := toldBy(informer)
	go informer.Run(t.ctx.Done())
	names := []string{}
	for len(names) < 32 {
		if event := next(t, told); event != "add kube-root-ca.crt" {
			names = append(names, event)
		}
	}
	sort.Strings(names)
	say("told", []any{names[0], names[1], names[31], len(names)})
	say("lists", lists)
}
