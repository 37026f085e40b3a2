package fs

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scripts are what people run in task directories. Each is run in a directory of the disk and in one of the mount, and
// must leave the same files with the same bytes. $SRC is a directory of inputs.
var scripts = map[string]string{
	"samtools": `samtools view -b $SRC/in.sam -o in.bam && samtools sort -m 5M -@ 2 -o sorted.bam in.bam &&
		samtools index sorted.bam && samtools flagstat sorted.bam > stat.txt && samtools view sorted.bam chr1:1000-5000 > region.txt`,
	"tabix":  `sort -k1,1 -k2,2n $SRC/in.vcf.body | cat $SRC/in.vcf.head - | bgzip -c > v.vcf.gz && tabix -p vcf v.vcf.gz && tabix v.vcf.gz chr1:100-9000 > hits.txt`,
	"sqlite": `sqlite3 db 'pragma journal_mode=delete; create table t(a integer primary key, b text); insert into t select value, hex(value*7) from generate_series(1,3000); update t set b=b||"x" where a%3=0; delete from t where a%5=0; create index i on t(b); vacuum;' && sqlite3 db 'select count(*), sum(length(b)) from t; pragma integrity_check' > out.txt && sqlite3 db .dump > dump.sql && rm db`,
	"wal":    `sqlite3 db 'pragma journal_mode=wal; create table t(a); insert into t values(1),(2),(3);' > mode.txt && sqlite3 db 'select sum(a) from t' > out.txt && sqlite3 db .dump > dump.sql && rm -f db db-wal db-shm`,
	"git":    `git clone -q $SRC/repo r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git checkout -q -b side HEAD~1 && git gc -q && git fsck --strict 2> ../fsck.txt && git log --format=%s > ../log.txt && git status --short > ../status.txt && cd .. && cp -r r/src src && rm -rf r`,
	"tar":    `tar xf $SRC/tree.tar && tar --sort=name -cf - tree | tar tvf - | awk '{print $1, $3, $6}' | sort > list.txt && tar --sort=name --mtime=@0 --owner=0 --group=0 -cf again.tar tree`,
	"rsync":  `rsync -a $SRC/plain/ copy/ && rsync -a --delete $SRC/plain/ copy/ --itemize-changes > second.txt && rsync -a --inplace --append-verify $SRC/plain/ copy/ && touch -r copy/1 stamp`,
	"venv":   `python3 -m venv --without-pip v && v/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)' > out.txt && mkdir pkg && echo 'x=41+1' > pkg/mod.py && v/bin/python -c 'import sys; sys.path.insert(0,"pkg"); import mod; print(mod.x)' >> out.txt && rm -rf v pkg/__pycache__`,
	"gcc":    `cp $SRC/*.c . && for f in *.c; do gcc -O1 -c $f; done && ar rcD lib.a [a-c].o && gcc -o prog main.o lib.a && ./prog > out.txt && gcc -shared -fPIC -o lib.so a.c b.c c.c && strip prog`,
	"shell":  `: > .command.begin && rm -f in && ln -sfn $SRC/plain/1 in && mkdir -p a/b/c && (cat in | tee .command.out) > /dev/null && echo more | tee -a .command.out > /dev/null && cp -fRL in real && mv -f real a/b && printf -- 0 > .exitcode && ls -1d a/* > list && sort -S 64k -T . $SRC/lines > sorted && split -l 100 sorted part. && cat part.* | cmp - sorted && rm part.* && find . -name b -type d > found && exec 3<>rw && echo hello >&3 && rm rw && echo gone >&3 && dd if=/dev/zero of=sparse bs=4k count=1 seek=100 2>/dev/null`,
}

// TestTools: real programs leave on the mount what they leave on a disk, and S3 has it after a sync.
func TestTools(t *testing.T) {
	src := inputs(t)
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		for name, script := range scripts {
			t.Run(name, func(t *testing.T) {
				disk, mnt := filepath.Join(t.TempDir(), name), filepath.Join(m.Work, name)
				run(t, disk, src, script)
				run(t, mnt, src, script)
				wantTree, gotTree := snapshot(t, disk), snapshot(t, mnt)
				for p, w := range wantTree {
					if gotTree[p] != w {
						t.Errorf("%s: %.80q on the mount, %.80q on the disk", p, gotTree[p], w)
					}
				}
				for p := range gotTree {
					if _, ok := wantTree[p]; !ok {
						t.Errorf("%s is on the mount only", p)
					}
				}
			})
		}
		m.sync()
		objects := m.objects("work/")
		for p, w := range snapshot(t, m.Work) {
			if content, ok := strings.CutPrefix(w, "file "); ok && objects["work/"+p] != content {
				t.Errorf("object %s has %d bytes, the file %d", p, len(objects["work/"+p]), len(content))
			}
		}
	})
}

func run(t *testing.T, dir, src, script string) {
	t.Helper()
	mkdir(t, dir)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SRC="+src, "LC_ALL=C", "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("in %s: %v\n%s", dir, err, out)
	}
}

// snapshot is every file below root with its bytes; BAM headers name no path, so nothing has to be masked.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		rel := strings.TrimPrefix(p, root+"/")
		switch {
		case d.Type().IsRegular():
			data, err := os.ReadFile(p)
			out[rel] = "file " + string(data)
			return err
		case d.IsDir():
			out[rel] = "directory"
		default:
			to, err := os.Readlink(p)
			out[rel] = "link " + to
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// inputs makes what the scripts read, on the disk.
func inputs(t *testing.T) string {
	t.Helper()
	src := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	var sam, vcf, lines strings.Builder
	sam.WriteString("@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:chr1\tLN:100000\n@SQ\tSN:chr2\tLN:100000\n")
	for i := range 20000 {
		seq := make([]byte, 100)
		for j := range seq {
			seq[j] = "ACGT"[r.IntN(4)]
		}
		fmt.Fprintf(&sam, "read%d\t0\tchr%d\t%d\t60\t100M\t*\t0\t0\t%s\t%s\n", i, 1+r.IntN(2), 1+r.IntN(90000), seq, strings.Repeat("I", 100))
		fmt.Fprintf(&vcf, "chr%d\t%d\t.\tA\tC\t%d\tPASS\t.\n", 1+r.IntN(2), 1+r.IntN(90000), r.IntN(100))
		fmt.Fprintf(&lines, "%d line %d\n", r.IntN(1e9), i)
	}
	files := map[string]string{
		"in.sam": sam.String(), "in.vcf.body": vcf.String(), "lines": lines.String(),
		"in.vcf.head": "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##contig=<ID=chr2>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
		"main.c":      "#include <stdio.h>\nint a(int), b(int), c(int);\nint main(void) { printf(\"%d\\n\", a(1) + b(2) + c(3)); return 0; }\n",
		"a.c":         "int a(int x) { return x + 1; }\n", "b.c": "int b(int x) { return x * 2; }\n", "c.c": "int c(int x) { return x - 3; }\n",
		"plain/1": "one\n", "plain/2": strings.Repeat("two\n", 10000), "plain/sub/3": "", "plain/sub/.hidden": "h",
	}
	for name, content := range files {
		mkdir(t, filepath.Dir(filepath.Join(src, name)))
		write(t, filepath.Join(src, name), content)
	}
	run(t, src, src, `mkdir -p tree/a/b && seq 5000 > tree/a/b/numbers && ln -s numbers tree/a/b/link && ln tree/a/b/numbers tree/hard && chmod 750 tree/a && tar cf tree.tar tree && rm -r tree
		git init -q -b main repo && cd repo && mkdir src && for i in $(seq 50); do seq $((i*20)) > src/f$i; done && git add . && git -c user.name=a -c user.email=a@b commit -q -m first && echo x > src/new && git add . && git -c user.name=a -c user.email=a@b commit -q -m second`)
	return src
}
