# A resumed Master: a script without a result is taken for what suits the instance, so that a restart
# alone changes nothing; the first result counts.
script chk
script bonus
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 script chk 0
track V1 script bonus 20
@100 < link eth0 index=2 up ip=10.0.0.1
@100 < resume V1 last=99.5
@100 < start
> advertise V1 prio=120 rev=1
> claim V1 repeat=5
> run chk
> wake script chk @101
> run bonus
> wake script bonus @101
> arm V1 Advert @101
> note (V1) effective priority 100 -> 120
> tell (V1) INIT -> MASTER: was MASTER until the restart just now
@100.1 < show V1
> V1 MASTER wants=MASTER prio=120 source=10.0.0.1 interval=1 sent:1 become:1
@100.2 < script bonus ok
> note script bonus succeeded: exit status 0
@100.3 < script chk 1
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> note script chk failed: exit status 1
> tell (V1) MASTER -> FAULT: script chk failed
@101 * script chk
> run chk
> wake script chk @102
@101 * script bonus
> run bonus
> wake script bonus @102
@101.2 < script bonus 1
> note script bonus failed: exit status 1
> note (V1) effective priority 120 -> 100
@101.3 < script chk ok
> arm V1 MasterDown @104.909375
> note script chk succeeded: exit status 0
> tell (V1) FAULT -> BACKUP: the fault is gone
