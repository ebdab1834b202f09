# Row 56: as Master it shows in the next advert, no sooner, and the packet is not built anew; a
# Backup's advert above it is yielded to.
script chk
instance V1 eth0 vrid=51 prio=150 addr=10.0.0.100 garp_delay=0
track V1 script chk -60
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> arm V1 MasterDown @3.414063
> tell (V1) INIT -> BACKUP: starting
@0.1 < script chk ok
> note script chk succeeded: exit status 0
@1 * script chk
> run chk
> wake script chk @2
@2 * script chk
> wake script chk @3
> note script chk still runs when it is due again; left out until it ends
@3 * script chk
> wake script chk @4
@3.414063 * V1 MasterDown
> advertise V1 prio=150 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.414063
> tell (V1) BACKUP -> MASTER: no advert for 3.414063 s
@3.414063 < wait
@3.5 < script chk 1
> note script chk failed: exit status 1
> note (V1) effective priority 150 -> 90
@4 * script chk
> run chk
> wake script chk @5
@4.414063 * V1 Advert
> advertise V1 prio=90 rev=1
> arm V1 Advert @5.414063
@4.414063 < wait
@4.5 < advert prio=80
> advertise V1 prio=90 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.5
> note (V1): 10.0.0.2 is MASTER too, with lower priority 80
@4.6 < advert prio=100
> release V1
> disarm V1 Advert
> arm V1 MasterDown @8.248438
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 100
@4.7 < show V1
> V1 BACKUP wants=BACKUP prio=90 source=10.0.0.1 master=10.0.0.2/100 interval=1 rcvd:2 sent:3 become:1 release:1
@4.8 < script chk ok
> arm V1 MasterDown @8.014063
> note script chk succeeded: exit status 0
> note (V1) effective priority 90 -> 150
@5 < advert prio=100
