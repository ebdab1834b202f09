# Row 54: the partition heals: we are the weaker one, and stay Backup for a hundred seconds.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=150
> release V1
> disarm V1 Advert
> arm V1 MasterDown @7.609375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 150
@5 < advert prio=150
@7.609375 * V1 MasterDown
> arm V1 MasterDown @8.609375
@8 < advert prio=150
@8.609375 * V1 MasterDown
> arm V1 MasterDown @11.609375
@11 < advert prio=150
@11.609375 * V1 MasterDown
> arm V1 MasterDown @14.609375
@14 < advert prio=150
@14.609375 * V1 MasterDown
> arm V1 MasterDown @17.609375
@17 < advert prio=150
@17.609375 * V1 MasterDown
> arm V1 MasterDown @20.609375
@20 < advert prio=150
@20.609375 * V1 MasterDown
> arm V1 MasterDown @23.609375
@23 < advert prio=150
@23.609375 * V1 MasterDown
> arm V1 MasterDown @26.609375
@26 < advert prio=150
@26.609375 * V1 MasterDown
> arm V1 MasterDown @29.609375
@29 < advert prio=150
@29.609375 * V1 MasterDown
> arm V1 MasterDown @32.609375
@32 < advert prio=150
@32.609375 * V1 MasterDown
> arm V1 MasterDown @35.609375
@35 < advert prio=150
@35.609375 * V1 MasterDown
> arm V1 MasterDown @38.609375
@38 < advert prio=150
@38.609375 * V1 MasterDown
> arm V1 MasterDown @41.609375
@41 < advert prio=150
@41.609375 * V1 MasterDown
> arm V1 MasterDown @44.609375
@44 < advert prio=150
@44.609375 * V1 MasterDown
> arm V1 MasterDown @47.609375
@47 < advert prio=150
@47.609375 * V1 MasterDown
> arm V1 MasterDown @50.609375
@50 < advert prio=150
@50.609375 * V1 MasterDown
> arm V1 MasterDown @53.609375
@53 < advert prio=150
@53.609375 * V1 MasterDown
> arm V1 MasterDown @56.609375
@56 < advert prio=150
@56.609375 * V1 MasterDown
> arm V1 MasterDown @59.609375
@59 < advert prio=150
@59.609375 * V1 MasterDown
> arm V1 MasterDown @62.609375
@62 < advert prio=150
@62.609375 * V1 MasterDown
> arm V1 MasterDown @65.609375
@65 < advert prio=150
@65.609375 * V1 MasterDown
> arm V1 MasterDown @68.609375
@68 < advert prio=150
@68.609375 * V1 MasterDown
> arm V1 MasterDown @71.609375
@71 < advert prio=150
@71.609375 * V1 MasterDown
> arm V1 MasterDown @74.609375
@74 < advert prio=150
@74.609375 * V1 MasterDown
> arm V1 MasterDown @77.609375
@77 < advert prio=150
@77.609375 * V1 MasterDown
> arm V1 MasterDown @80.609375
@80 < advert prio=150
@80.609375 * V1 MasterDown
> arm V1 MasterDown @83.609375
@83 < advert prio=150
@83.609375 * V1 MasterDown
> arm V1 MasterDown @86.609375
@86 < advert prio=150
@86.609375 * V1 MasterDown
> arm V1 MasterDown @89.609375
@89 < advert prio=150
@89.609375 * V1 MasterDown
> arm V1 MasterDown @92.609375
@92 < advert prio=150
@92.609375 * V1 MasterDown
> arm V1 MasterDown @95.609375
@95 < advert prio=150
@95.609375 * V1 MasterDown
> arm V1 MasterDown @98.609375
@98 < advert prio=150
@98.609375 * V1 MasterDown
> arm V1 MasterDown @101.609375
@101 < advert prio=150
@101.609375 * V1 MasterDown
> arm V1 MasterDown @104.609375
@104 < advert prio=150
@104 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/150 interval=1 rcvd:35 sent:1 become:1 release:1
