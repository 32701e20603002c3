# rollcall: make | make DEV=1 | make check | make lint | make install PREFIX=/usr/local DESTDIR= | make deb
# Objects are listed, not globbed: what is not named here is not shipped.

VERSION := 0.2.0
PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR   = $(PREFIX)/bin
SBINDIR  = $(PREFIX)/sbin
MANDIR   = $(PREFIX)/share/man
DATADIR  = $(PREFIX)/share/rollcall

CC         ?= cc
AR         ?= ar
PKG_CONFIG ?= pkg-config
INSTALL    ?= install

ifdef DEV
BUILD    := build/dev
OPT      := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
WERROR   := -Werror
DEFS     := -DDEV -DBUF_FIRST=1 -DS3_PUT_MAX=5242880 -DS3_PART_MIN=5242880
else
BUILD    := build
OPT      := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
WERROR   :=
DEFS     :=
endif

WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
HARDEN  := -fPIE -fstack-protector-strong
LDHARD  := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ALL_CFLAGS := -std=c17 -D_GNU_SOURCE -DROLLCALL_VERSION='"$(VERSION)"' -I. $(DEFS) $(WARN) \
	$(WERROR) $(OPT) $(HARDEN) -MMD -MP $(CFLAGS)
ALL_LDFLAGS := $(OPT) $(LDHARD) $(LDFLAGS)

pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
pkg_libs   = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)

# libcsv ships no .pc file.
HANDLER_LIBS = $(call pkg_libs,fcgi libcjson libdeflate libcrypto libseccomp) -lcsv
VERIFY_LIBS  = $(call pkg_libs,libcjson libcrypto) -lcsv
AGENT_LIBS   = $(call pkg_libs,libcurl libcjson libdeflate)
AWS_LIBS     = $(call pkg_libs,libcurl expat zlib libcjson libcrypto) -lcsv -pthread

# The sources of each folder, without main.c. A new file is entered here, and nowhere else.
handler              = config confine data fault health listing route sandbox worker
handler/http         = auth body fcgi program range reply request session tokens
handler/record       = batch columns csv process pstable record rows users
handler/store        = append commit crowd dirs heal jsonl layout manifest pair rebuild resend \
	snapshots store trailer
handler/read         = beats changes diff facts files glob hosts hostsfile judge memo place policy procs records report select snapshot states tail version
handler/query        = answer changed changes compliance cursor download fleet groups host list metrics params query row search session
handler/policy       = print
handler/verify       = csvdiff filecheck healdir receipts replace
handler/watch        = alarms deliver events groups message newcomers post rules sign state watchconf
handler/cleanup      = archived purge
handler/shared       = arena buf clock conf digest dir io ip lock log random text vec
handler/shared/json  = escape gate names notes walk write
agent                = check collect config options signals
agent/mask           = assign command mask secret sql token url value view words
agent/proc           = cmdline container guard history listeners listening nettable processes procfs \
	procstat sockdiag usernames
agent/host           = cpuinfo host osrelease users
agent/psutil         = listing psfull psnet psproc
agent/send           = attempt backlog backoff gzip post reply send spool spoolname
aws/s3               = credential credentials fault http ini list metadata multipart names object percent profile role s3 url xml
aws/archive          = catalogue day manifest_io objmeta pack pool progress restore ship unpack verify
aws/bucket           = deadline fetch list path service

SHARED_DIRS  = handler/shared handler/shared/json
HANDLER_DIRS = handler handler/http handler/record handler/store handler/read handler/query handler/policy handler/verify handler/watch handler/cleanup
AGENT_DIRS   = agent agent/mask agent/proc agent/host agent/psutil agent/send
AWS_DIRS     = aws/s3 aws/archive aws/bucket

PROGRAMS := $(addprefix $(BUILD)/,rollcall-handler rollcall-agent rollcall-verify rollcall-cleanup rollcall-silent \
	rollcall-watch rollcall-policy rollcall-query rollcall-archive rollcall-bucket)

MAN1 := agent/rollcall-agent.1
MAN5 := handler/rollcall-files.5 handler/rollcall-handler.json.5 handler/rollcall-hosts.5 handler/rollcall-policy.json.5 handler/rollcall-watch.json.5 agent/rollcall-agent.json.5
MAN7 := aws/rollcall-waves.7
MAN8 := handler/rollcall-handler.8 handler/rollcall-verify.8 handler/rollcall-cleanup.8 handler/rollcall-query.8 \
	handler/rollcall-silent.8 handler/rollcall-policy.8 handler/rollcall-watch.8 aws/rollcall-archive.8 \
	aws/rollcall-bucket.8 scripts/rollcall-token.8 scripts/rollcall-selfsigned.8 scripts/rollcall-fleet-run.8 scripts/rollcall-load.8
TOOLS := scripts/rollcall-token scripts/rollcall-selfsigned scripts/rollcall-fleet-run scripts/rollcall-load

# The page.
HTDOCS := index.html \
	$(addprefix app/,app.css icon.svg \
	$(addsuffix .js,api banner beats changes changewords filter fleet gate host html keyboard live look main plots \
	policies prefs procs search store table text time url widgets)) \
	$(addprefix vendor/,LICENSE.htm LICENSE.preact LICENSE.uplot hooks.js htm.js preact.js uplot.css uplot.js)

# What people copy and change, each below $(DATADIR) without its first folder.
DATA = lighttpd/lighttpd.conf lighttpd/production.conf lighttpd/errors/413.html \
	$(addprefix lighttpd/htdocs/,$(HTDOCS)) \
	$(addprefix lighttpd/other-servers/,Caddyfile apache.conf nginx.conf spawn-fcgi.sh) \
	$(addprefix scripts/systemd/,rollcall-handler.socket rollcall-handler@.service \
	rollcall-agent.service rollcall-agent-once.service rollcall-agent.timer \
	rollcall-cleanup.service rollcall-cleanup.timer rollcall-heal.service \
	rollcall-archive.service rollcall-archive.timer \
	rollcall-bucket.socket rollcall-bucket@.service rollcall-objects.socket rollcall-objects@.service \
	rollcall-watch.service rollcall-watch.timer rollcall-query.socket rollcall-query@.service rollcall-files.socket rollcall-files@.service see-everything.conf rollcall.sysusers rollcall.tmpfiles) \
	scripts/cron/rollcall-agent scripts/policy/baseline.json handler/query/openapi.yaml \
	$(addprefix scripts/monitoring/,rollcall.rules.yml grafana-dashboard.json prometheus.yml alertmanager.yml watch.json) \
	$(addprefix aws/athena/,compact.sql create-files.sql create-processes.sql create-processes-view.sql create-records.sql duckdb/compact.sql duckdb/files.sql duckdb/parquet.sql duckdb/tables.sql \
	$(QUESTIONS:%=%.sql) $(QUESTIONS:%=duckdb/%.sql)) \
	$(addprefix scripts/postgresql/,schema.sql $(QUESTIONS:%=%.sql)) \
	$(addprefix aws/ssm/,rollcall-install.yaml rollcall-run.yaml) \
	$(addprefix aws/waves/,plan.asl.json wave.asl.json close.asl.json) \
	aws/spark/ask.py aws/airflow/rollcall_daily.py \
	$(addprefix aws/cloudformation/,analytics.yaml collector.yaml fleet.yaml highly-available.yaml organisation.yaml waves.yaml waves-member.yaml)
QUESTIONS := changed-between changed-systems clones first-seen growing kernels kernels-behind memory new-programs night-logins restarts roll-call root-logins silent where-is who-ran
# Where things lie after the installation; what speaks of other machines stays as it is.
OUR_PATHS = s,/usr/local/sbin,$(SBINDIR),;s,/usr/local/bin/rollcall,$(BINDIR)/rollcall,;s,/usr/local/share/rollcall,$(DATADIR),
AS_THEY_ARE = aws/ssm/*|aws/cloudformation/*|aws/waves/*
data = $(patsubst handler/%,%,$(patsubst lighttpd/%,%,$(patsubst scripts/%,%,$(patsubst aws/%,%,$(DATA)))))

# The objects of some folders.
objects = $(foreach dir,$(1),$(patsubst %,$(BUILD)/$(dir)/%.o,$($(dir))))
SHARED_LIB  := $(BUILD)/shared.a
HANDLER_LIB := $(BUILD)/handler.a
AGENT_LIB   := $(BUILD)/agent.a
AWS_LIB     := $(BUILD)/aws.a

all: $(PROGRAMS)

$(SHARED_LIB): $(call objects,$(SHARED_DIRS))
$(HANDLER_LIB): $(call objects,$(HANDLER_DIRS))
$(AGENT_LIB): $(call objects,$(AGENT_DIRS))
$(AWS_LIB): $(call objects,$(AWS_DIRS))
# "q" appends: two folders may have a file of the same name. The Makefile's lists decide what is in it.
$(SHARED_LIB) $(HANDLER_LIB) $(AGENT_LIB) $(AWS_LIB): Makefile
%.a:
	@rm -f $@
	$(AR) qcs $@ $(filter %.o,$^)

$(BUILD)/rollcall-handler: $(BUILD)/handler/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(HANDLER_LIBS)

$(BUILD)/rollcall-verify: $(BUILD)/handler/verify/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VERIFY_LIBS)

$(BUILD)/rollcall-cleanup: $(BUILD)/handler/cleanup/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VERIFY_LIBS)

$(BUILD)/rollcall-silent: $(BUILD)/handler/silent/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VERIFY_LIBS)

$(BUILD)/rollcall-watch: $(BUILD)/handler/watch/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VERIFY_LIBS) $(call pkg_libs,libcurl)

$(BUILD)/rollcall-policy: $(BUILD)/handler/policy/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VERIFY_LIBS)

$(BUILD)/rollcall-query: $(BUILD)/handler/query/main.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(HANDLER_LIBS)

# curlload.c stands in for libcurl, which is then needed only when something is sent. A static agent
# has libcurl itself: scripts/static/build says so.
CURLLOAD   := $(BUILD)/agent/send/curlload.o
AGENT_LINK  = $(filter-out -lcurl,$(AGENT_LIBS)) -ldl
$(BUILD)/rollcall-agent: $(BUILD)/agent/main.o $(CURLLOAD) $(AGENT_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AGENT_LINK)

$(BUILD)/rollcall-archive: $(BUILD)/aws/archive/main.o $(AWS_LIB) $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AWS_LIBS)

$(BUILD)/rollcall-bucket: $(BUILD)/aws/bucket/main.o $(AWS_LIB) $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AWS_LIBS) $(call pkg_libs,fcgi)

# Once per tree: all libraries are there, or one message names the packages that are missing.
# CHECK_LIBRARIES=true leaves it out, for a build of some programs with other libraries.
CHECK_LIBRARIES ?= scripts/check-libraries
$(BUILD)/.libraries:
	@$(CHECK_LIBRARIES)
	@mkdir -p $(@D) && touch $@

$(BUILD)/%.o: %.c | $(BUILD)/.libraries
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Unit tests: one cmocka program per tests/unit/FOLDER/test_NAME.c, run by tests/unit/run.
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(shell find tests/unit -name 'test_*.c'))
UNIT := $(UNIT_TESTS) $(BUILD)/tests/aws/s3tool
CMOCKA_LIBS = $(call pkg_libs,cmocka)

$(filter $(BUILD)/tests/unit/handler/%,$(UNIT_TESTS)): %: %.o $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CMOCKA_LIBS) $(HANDLER_LIBS)
$(filter $(BUILD)/tests/unit/agent/%,$(UNIT_TESTS)): %: %.o $(AGENT_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CMOCKA_LIBS) $(AGENT_LIBS)
$(filter $(BUILD)/tests/unit/aws/%,$(UNIT_TESTS)): %: %.o $(AWS_LIB) $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CMOCKA_LIBS) $(AWS_LIBS)

# The S3 client on the command line, for tests/aws.
$(BUILD)/tests/aws/s3tool: $(BUILD)/tests/aws/s3tool.o $(AWS_LIB) $(HANDLER_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AWS_LIBS)

units: $(UNIT)

# Fuzz targets (libFuzzer, so clang), in a tree of their own: run by tests/fuzz/run_c.
FUZZ := commit json line mask record tail tokens
FUZZ_OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=all

build/fuzz/tests/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/handler.a build/fuzz/shared.a
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(HANDLER_LIBS)
build/fuzz/tests/fuzz/fuzz_mask: %: %.o build/fuzz/agent.a build/fuzz/shared.a
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^

fuzz:
	$(MAKE) CC=clang BUILD=build/fuzz OPT='$(FUZZ_OPT)' DEFS=-DBUF_FIRST=1 WERROR=-Werror \
		$(FUZZ:%=build/fuzz/tests/fuzz/fuzz_%)

# What tests/bench/run compares with, and measures with.
BENCH := $(addprefix $(BUILD)/tests/bench/,null drive emudisk syncpairs libproc2 zoo measure mask slowsync.so srcaddr.so)

bench-programs: $(BENCH)

$(BUILD)/tests/bench/null: $(BUILD)/tests/bench/null.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,fcgi)
$(BUILD)/tests/bench/mask: $(BUILD)/tests/bench/mask.o $(AGENT_LIB) $(SHARED_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/tests/bench/libproc2: $(BUILD)/tests/bench/libproc2.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,libproc2)
$(addprefix $(BUILD)/tests/bench/,drive emudisk syncpairs zoo measure): %: %.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/tests/bench/%.so: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-pedantic -fPIC -shared -o $@ $<

bench-query: all
	python3 tests/bench/query.py --peers

bench:
	tests/bench/run $(if $(QUICK),--quick)

# One agent for any Linux: make agent-static | make agent-static ARCH=arm64
agent-static:
	scripts/static/build $(ARCH)

# What needs no web server.
check: all units
	tests/unit/run $(BUILD)
	ROLLCALL_BUILD=$(abspath $(BUILD)) tests/api/run
	ROLLCALL_BUILD=$(abspath $(BUILD)) bats \
		$(filter-out %outage.bats,$(wildcard tests/system/agent-*.bats tests/system/token.bats))

lint:
	tests/lint/run

install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(DATADIR)
	$(INSTALL) -m 755 $(BUILD)/rollcall-agent $(DESTDIR)$(BINDIR)/
	$(INSTALL) -m 755 $(filter-out %/rollcall-agent,$(PROGRAMS)) $(TOOLS) $(DESTDIR)$(SBINDIR)/
	$(INSTALL) -m 644 $(MAN1) $(DESTDIR)$(MANDIR)/man1/
	$(INSTALL) -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5/
	$(INSTALL) -m 644 $(MAN7) $(DESTDIR)$(MANDIR)/man7/
	$(INSTALL) -m 644 $(MAN8) $(DESTDIR)$(MANDIR)/man8/
	$(INSTALL) -d $(addprefix $(DESTDIR)$(DATADIR)/,$(sort $(dir $(data))))
	for f in $(DATA); do \
		case $$f in $(AS_THEY_ARE)) paths= ;; *) paths='$(OUR_PATHS)' ;; esac; \
		sed "$$paths" "$$f" >"$(DESTDIR)$(DATADIR)/$${f#*/}"; \
		if [ -x "$$f" ]; then mode=755; else mode=644; fi; \
		chmod $$mode "$(DESTDIR)$(DATADIR)/$${f#*/}" || exit 1; \
	done

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/rollcall-agent
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,$(notdir $(PROGRAMS) $(TOOLS)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(MAN1)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(MAN5)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man7/,$(notdir $(MAN7)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(MAN8)))
	rm -f $(addprefix $(DESTDIR)$(DATADIR)/,$(data))
	[ ! -d $(DESTDIR)$(DATADIR) ] || find $(DESTDIR)$(DATADIR) -depth -type d -empty -delete

# Debian packages in $(BUILD)/deb.
deb:
	scripts/deb/build $(VERSION) $(BUILD)/deb

clean:
	rm -rf build

# Values for scripts: make print-VERSION, make print NAME=handler/http
print-%:
	@:$(info $($*))
print:
	@:$(info $($(NAME)))

.PHONY: print all agent-static units fuzz bench bench-query bench-programs check lint install uninstall deb clean
.PRECIOUS: $(BUILD)/%.o
# Not all of $(BUILD): the sources of other programs are unpacked there, and have files of that name.
-include $(shell find $(addprefix $(BUILD)/,handler agent aws tests) -type f -name '*.d' 2>/dev/null)
