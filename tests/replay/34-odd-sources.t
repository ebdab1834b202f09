# Row 34: our own adverts looped back, or a router with our address, are no peer; odd sources and
# destinations do no harm.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200
@0.6 < advert prio=200 from=10.0.0.1
> note (V1) advert from our own address 10.0.0.1: is it in use twice?
@0.7 < advert prio=0 from=10.0.0.1
> note (V1) advert from our own address 10.0.0.1: is it in use twice?
@1 < advert prio=200 to=10.0.0.1
> note (V1) advert from 10.0.0.2 on eth0 ignored: sent to 10.0.0.1, where we do not listen
@1.1 < advert prio=200 to=224.0.0.19
> note (V1) advert from 10.0.0.2 on eth0 ignored: sent to 224.0.0.19, where we do not listen
@1.2 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=1 rcvd:1 destination:2
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.109375
@4.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.109375
> arm V1 SecondBurst @9.109375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.2 < wait
@4.3 < advert prio=254 from=10.0.0.1
> note (V1) advert from our own address 10.0.0.1: is it in use twice?
@4.4 < advert prio=100 from=0.0.0.0
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.4
> arm V1 LowerPrioBurst @9.4
> note (V1): 0.0.0.0 is MASTER too, with equal priority and lower address
@4.5 < advert prio=254 to=10.0.0.1
> note (V1) advert from 10.0.0.2 on eth0 ignored: sent to 10.0.0.1, where we do not listen
@4.6 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:2 sent:2 become:1 destination:3
# Off-link and multicast senders are routers like any other to the machine.
@4.7 < advert prio=200 from=224.0.0.18
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> disarm V1 LowerPrioBurst
> arm V1 MasterDown @8.309375
> tell (V1) MASTER -> BACKUP: advert from 224.0.0.18 with higher priority 200
@4.8 < advert prio=201 from=192.0.2.77
@4.9 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=192.0.2.77/201 interval=1 rcvd:4 sent:2 become:1 release:1 destination:3
