#!/bin/sh
# The midi commands on the kernel's sequencer, held against aconnect. Midi
# Through, of snd-seq-dummy, has three ports that are output and input at once.
failed=0
check() { # NAME: the command that went before must have succeeded
	if [ $? = 0 ]; then echo "ok    $1"; else echo "FAIL  $1"; failed=1; fi
}
has() { grep -q -- "$1" "$2" || { cat "$2"; false; }; }
through() { echo "Midi Through:Midi Through Port-$1"; }

# numbers FLAG lists the addresses that aconnect lists with it.
numbers() { aconnect "$1" | awk '/^client/ { sub(":", "", $2); c = $2 } /^ +[0-9]/ { print c ":" $1 }' | sort; }
# aconnect and jackknife are clients without ports of their own.
for way in "-i -o" "-o -i"; do
	set -- $way
	jackknife midi ports $2 -A | awk '$1 == "=" { print $2 }' | sort > ours
	numbers $1 > theirs
	[ -s ours ] && diff theirs ours
	check "midi ports $2 lists what aconnect $1 lists: $(wc -l < ours)"
done

jackknife midi connect "$(through 0)" "$(through 1)" > said && has '^connected  *Midi Through:Midi Through Port-0 -> Midi Through:Midi Through Port-1$' said
aconnect -l > list && has 'Connecting To: 14:1' list
check 'midi connect by name, as aconnect sees it'
jackknife midi connect 14:0 14:1 > said && has '^already connected' said
check 'midi connect by number'
aconnect 14:0 14:2 && jackknife midi ports -c -o "$(through 0)" > said && has '-> Midi Through:Midi Through Port-2' said
check 'midi ports sees what aconnect connected'

stdbuf -oL aseqdump > heard & listener=$!
until jackknife midi ports --names -i | grep -q aseqdump; do sleep 0.2; done
stdbuf -oL aseqdump > other & other=$!
until [ "$(jackknife midi ports --names -i 'aseqdump*' | wc -l)" = 2 ]; do sleep 0.2; done
jackknife midi ports --names -i 'aseqdump*' > names && has '^aseqdump:aseqdump #2$' names
check 'two programs of one name'
jackknife midi connect -n "$(through 1)" aseqdump:aseqdump > said && has '^would connect' said
aconnect -l > list && ! grep -q 'Connecting To: 12[89]' list
check 'midi connect -n connects nothing'
jackknife midi connect "$(through 1)" aseqdump:aseqdump > said
# A format 0 file: one bar, controller 7 of channel 1 at 100.
printf 'MThd\0\0\0\6\0\0\0\1\0\140MTrk\0\0\0\10\0\260\7\144\0\377\57\0' > note.mid
aplaymidi -p 14:0 note.mid
for i in $(seq 50); do grep -q 'controller 7, value 100' heard || sleep 0.2; done
has 'controller 7, value 100' heard && ! grep -q 'controller 7' other
check 'what goes in at one port comes out where it was connected, and nowhere else'

export XDG_CONFIG_HOME=/tmp/config
jackknife midi save stage && [ "$(grep -c '^[^#].* -> ' /tmp/config/jackknife/patches/midi/stage.patch)" = 3 ]
check 'midi save'
aconnect -l > before
jackknife midi disconnect --all > said && [ "$(grep -c '^disconnected' said)" = 3 ] && aconnect -l > list && ! grep -q 'Connecting To' list
check 'midi disconnect --all'
jackknife midi load stage > said && aconnect -l > list && diff before list
check 'midi load makes what aconnect had shown'
aconnect 14:2 14:1
jackknife midi load -n --exact stage > said && has '^would disconnect  *Midi Through:Midi Through Port-2 -> Midi Through:Midi Through Port-1$' said &&
	jackknife midi load --exact stage > said && aconnect -l > list && diff before list
check 'midi load --exact cuts what is not in the patch'
jackknife midi disconnect "$(through 0)" "$(through 2)" > said && aconnect -l > list && ! grep -q 'Connecting To: 14:1, 14:2' list
check 'midi disconnect'

kill $listener $other
wait
jackknife midi load stage > said 2> error
[ $? = 5 ] && has 'aseqdump:aseqdump: no such port' error && has '^connected  *Midi Through:Midi Through Port-0 -> Midi Through:Midi Through Port-2' said
check 'midi load does the rest where a port is absent, exit 5'
jackknife midi connect "$(through 7)" "$(through 1)" 2> error
[ $? = 4 ] && has 'hint: did you mean Midi Through:Midi Through Port-' error
check 'a wrong name: exit 4, and the nearest ones'
jackknife midi disconnect "$(through 0)" > said && jackknife midi save --update stage && [ "$(grep -c '^[^#].* -> ' /tmp/config/jackknife/patches/midi/stage.patch)" = 1 ]
check 'midi save --update keeps what is absent'
exit $failed
