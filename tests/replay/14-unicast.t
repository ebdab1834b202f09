# Row 14: unicast. The TTL may be anything; an advert to the group is not for us, nor one to another
# address of ours; whoever sends is believed.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 source=10.0.0.1 peer=10.0.1.2 peer=10.0.2.2 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 ttl=61
@2 < advert prio=200 to=224.0.0.18
> note (V1) advert from 10.0.1.2 on eth0 ignored: sent to 224.0.0.18, where we do not listen
@2.1 < advert prio=200 to=10.0.0.7
> note (V1) advert from 10.0.1.2 on eth0 ignored: sent to 10.0.0.7, where we do not listen
@3 < advert prio=200 from=10.9.9.9 ttl=1
@3.1 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.9.9.9/200 interval=1 rcvd:2 destination:2
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@6.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @7.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@7 < wait
@7.1 < advert prio=200 from=10.0.2.2
> release V1
> disarm V1 Advert
> arm V1 MasterDown @10.709375
> tell (V1) MASTER -> BACKUP: advert from 10.0.2.2 with higher priority 200
@7.2 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.2.2/200 interval=1 rcvd:3 sent:1 become:1 release:1 destination:2
@7.3 < stop
> disarm V1 MasterDown
> tell (V1) BACKUP -> INIT: stopping
